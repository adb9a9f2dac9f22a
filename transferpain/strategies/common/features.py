"""What strategies share that train a head on cached features: which ones, of which frames, at what cost.

A strategy that stands on `FeatureStrategy` says how the head is trained, and nothing of where its rows come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.contracts import FramesRead, Stage
from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.data.places import Places
from transferpain.data.tasks.task import Task
from transferpain.inputs.adaptation.chosen import needed_clips
from transferpain.inputs.features.extractors.extractor import Extractor
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.own import check_frames, keep_own, own_clips, own_contents, own_kind, own_stage
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.reference.withheld import PLACES
from transferpain.inputs.signals.lengths import check_reach
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.heads.registry import HEADS
from transferpain.strategies.base import Plan, Prepared, Recipe, Strategy, Workload, refused_frames
from transferpain.strategies.common.media import add_stretches, stretches_of
from transferpain.strategies.common.work import forward_rate

OWN_RATE = 20_000.0  # rows of own features that are read in a second


@dataclass(frozen=True)
class PreparedFeatures(Prepared):
    """The cached features of a job.

    Attributes:
        traced: heads whose graphs are traced; training one like them again costs less.
        probed: fold -> its linear probes, which are the same for every seed.
    """

    traced: dict = field(default_factory=dict)
    probed: dict = field(default_factory=dict)

    @cached_property
    def samples(self) -> pd.DataFrame:
        """The plan's samples with `features` (path, empty where the clip is unusable), `rate`, `stretch_rows`,
        `sampling`, which frame each row is, and `times`, of rows at uneven distances in time.
        """
        files = self.stage.set_index("clip").loc[self.job.plan.samples["file_clip"]]
        columns = ("features", "rate", "stretch_rows", "sampling", "times")
        return self.job.plan.samples.assign(**{name: files[name].to_numpy() for name in columns})

    def frames_read(self) -> FramesRead:
        from transferpain.strategies.common.feature_rows import frames_of_spans

        experiment = self.job.plan.experiment
        stage = self.stage.set_index("clip").loc[self.job.plan.samples["file_clip"]]
        rows = self.samples.assign(**{name: stage[name].to_numpy() for name in ("num_frames", "fps", "stretch")})
        trained, answered = (
            tuple(frames_of_spans(experiment, row, mode) for row in rows.itertuples())
            for mode in (experiment.window.train, "first")
        )
        return FramesRead(trained, answered)


class FeatureStrategy(Strategy):
    """A head is trained on cached features of a source that stays as it is."""

    reads = "features"
    makes_sources = False

    def check(self, experiment: Recipe) -> None:
        if experiment.training.kernel_l2:
            raise ValueError(f"training.kernel_l2: for strategies that train a network, not `{self.name}`")
        if HEADS[experiment.head.kind].reads == "window" and experiment.features.whole_clip:
            raise ValueError(
                f"head.kind: `{experiment.head.kind}` reads the frames of a window, received "
                f"`{experiment.features.made_by}`, one row a clip"
            )
        if HEADS[experiment.head.kind].reads == "window" and experiment.window_frames is None:
            raise ValueError(
                f"features.fps: `{experiment.head.kind}` needs windows of one length, so give features.fps or "
                "features.frames"
            )
        smallest, size = experiment.features.smallest_face, experiment.faces.size
        if size < smallest:
            raise ValueError(
                f"faces.size: `{experiment.features.made_by}` with these settings describes faces of {smallest} pixels "
                f"at least, received {size}"
            )

    def check_task(self, experiment: Recipe, task: Task) -> None:
        features, clip_frames = experiment.features, experiment.window.clip_frames
        by_frame = HEADS[experiment.head.kind].reads == "frame" and features.of_frames
        fits = by_frame and (features.fps, features.frames, clip_frames) == (None,) * 3
        if task.sample == "frame" and not fits:
            raise refused_frames(
                experiment,
                task,
                f"head {experiment.head.kind}, features.fps {features.fps}, features.frames {features.frames}, "
                f"window.clip_frames {clip_frames}, made of {'frames' if features.of_frames else 'clips'}",
            )

    def check_size(self, experiment: Recipe, size: int) -> None:
        if experiment.faces.size != size:
            raise UserError(
                f"The source {experiment.source} does not fit the faces of {experiment.name}.",
                rule=f"It reads faces of {size}x{size} pixels.",
                received=f"faces.size: {experiment.faces.size}",
                todo=f"Use --set faces.size={size}, or another source.",
            )

    def check_clips(self, experiment: Recipe, clips: pd.DataFrame) -> None:
        features = experiment.features
        if features.rate is not None and experiment.window.frames is not None:
            raise UserError(
                f"{experiment.name} says in frames how much is read of each clip, and its features have a rate.",
                rule="With a rate `window.seconds` is the stretch, and `window.frames` would count for nothing.",
                received=f"rate: {features.rate:g}, window.frames: {experiment.window.frames}",
                todo=f"Use --set window.frames=null --set window.seconds={experiment.window.frames / features.rate:g}, "
                "or leave the rate out.",
            )
        if features.fps is None or features.frames is not None or features.folder is not None:
            return
        unrated = clips[clips["kind"].isin(["images", "image_span"]) & ~(clips["fps"] > 0).fillna(False)]
        if len(unrated):
            raise UserError(
                f"{len(unrated)} of {len(clips)} clips have no frame rate, and {experiment.name} resamples by time.",
                rule="Pictures have no rate of their own: the column fps of the index states it.",
                received=f"features.fps: {experiment.features.fps:g}; {', '.join(unrated['clip'].head(3))}",
                todo="State fps in the index; or use --set features.fps=null for every frame, or also "
                "--set features.frames=8 for so many of each clip.",
            )

    def check_files(self, experiment: Recipe, clips: pd.DataFrame, places: Places) -> None:
        if experiment.features.folder is not None:
            own_clips(clips, experiment.features, places.data_root)

    def inputs(self, experiment: Recipe, places: Places) -> list[str]:
        if experiment.features.folder is None:
            return []
        return [own_contents(experiment.features, places.data_root, places.cache)]

    def extract(self, plan: Plan, places: Places) -> pd.DataFrame:
        return features_of(plan, places)

    def missing_features(self, plan: Plan, places: Places) -> dict[int, float]:
        return missing_features_of(plan, places)

    def extract_shards(
        self, plan: Plan, places: Places, shards: Sequence[int], on_embedded: Callable[[], object]
    ) -> None:
        extract_shards_of(plan, places, shards, on_embedded)


def features_of(plan: Plan, places: Places, on_embedded: Callable[[], object] = lambda: None) -> pd.DataFrame:
    """Compute faces and features of the plan's clips; `on_embedded` is called once per clip that was embedded.

    Returns:
        The table of `compute_faces` with `features` (path, empty where the clip is unusable, or only its pictures are
        needed), `pictures` (frames with a face), `found` and `frames` (feature rows with a face, and all), `rate`
        (feature rows per second), `stretch` (see `with_stretch`) and `stretch_rows` (feature rows of it, -1 for
        all), `sampling` (called, it says which frame of the clip each row is) and `times` (of rows at uneven distances
        in time each one's second, else `None`), in the order of `plan.clips`.
    """
    from transferpain.inputs.faces.cache import read_seconds
    from transferpain.inputs.features.extract import extract_features, sampled_frames, sampling_of
    from transferpain.inputs.features.join import extract_joined

    settings = plan.experiment.features
    if settings.folder is None:
        faces = stretches_of(plan, places)
    else:
        own = own_stage(plan.clips, settings, places.data_root, places.cache)
        apart = tells_frames_apart(plan)
        if settings.signals is not None:
            check_reach(plan.clips, own, plan.experiment.window.seconds)
        elif settings.whole_clip or plan.task.sample == "frame" or apart:
            check_frames(plan.clips, own, settings, places.data_root, places.cache)
        faces = add_stretches(plan, own)
    usable = usable_faces(plan, faces)
    if settings.folder is None:
        extractors, how = extractors_of(plan), (usable, settings, places.cache, on_embedded)
        features = extract_joined(extractors, *how) if plan.origin.parts else extract_features(extractors[0], *how)
    else:
        features = keep_own(usable, settings, places.cache)
    table = faces.rename(columns={"found": "pictures"}).merge(features, on="clip", how="left", validate="one_to_one")
    table["features"] = table["features"].fillna("").astype(str)
    table["frames"] = table["frames"].fillna(0).astype(int)
    table["rate"] = settings.fps or table["fps"]
    uneven = zip(table.get("faces", table["clip"]), _is_uneven(table), strict=True)
    times = [read_seconds(path) if own else None for path, own in uneven]
    table["sampling"] = [
        partial(sampled_frames, int(one.num_frames), sampling_of(settings, one.num_frames, one.fps, one.stretch), own)
        for one, own in zip(table.itertuples(), times, strict=True)
    ]
    # Rows that are sampled at a rate lie at even distances.
    sampled = settings.fps is not None or settings.frames is not None
    table["times"] = pd.Series([None if sampled else own for own in times], index=table.index, dtype=object)
    rows = rows_of_stretch(table, settings)
    table["stretch_rows"] = np.where((rows >= table["frames"]) | (plan.task.sample == "frame"), -1, rows)
    return table


def tells_frames_apart(plan: Plan) -> bool:
    """Tell whether single frames of a clip are the reference, so that features need a row for each frame.

    Raises:
        UserError: if rows of features are no frames, and of some clip not all frames are neutral, as far as is known.
    """
    if PLACES not in plan.samples or not plan.samples[PLACES].notna().any():
        return False
    rows = plan.samples[plan.samples[PLACES].notna()]
    frames = plan.clips.set_index("clip")["num_frames"].astype("Int64").loc[rows["file_clip"]].to_numpy()
    known = zip(rows["clip"], rows[PLACES], frames, strict=True)
    mixed = [clip for clip, own, number in known if pd.isna(number) or len(own) != number]
    if not plan.experiment.features.of_frames and mixed:
        what = "whole clips" if plan.experiment.features.whole_clip else "signals"
        raise UserError(
            f"The features of {plan.experiment.name} are of {what}, and its references of single frames.",
            rule="Where frames are labelled one by one, those without pain are the reference: one row for all of a "
            "clip would hold the others, too, and samples of a signal are no frames.",
            received=f"{len(mixed)} clips with other frames, such as {mixed[0]}",
            todo="Use features of frames, or a column of clips in `reference.neutral`.",
        )
    return True


def usable_faces(plan: Plan, faces: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a faces stage with `stretch` whose features the plan needs."""
    needed = needed_clips(plan.experiment.adaptation, plan.samples, plan.folds)
    return faces[(faces["problem"] == "") & faces["clip"].isin(needed)]


def extractors_of(plan: Plan) -> list[Extractor]:
    """Return what makes the plan's features of faces: one extractor, or one of each source that is joined."""
    settings = plan.experiment.features
    return [settings.make_extractor(part) for part in plan.origin.parts or (plan.origin,)]


def missing_features_of(plan: Plan, places: Places) -> dict[int, float]:
    """Return shard -> pictures that are to be embedded of the clips of it, by all extractors; their faces are there."""
    from transferpain.inputs.features.extract import missing_features

    if plan.experiment.features.folder is not None:
        return {}
    usable = usable_faces(plan, stretches_of(plan, places))
    found: dict[int, float] = {}
    for extractor in extractors_of(plan):
        for shard, pictures in missing_features(extractor, usable, plan.experiment.features, places.cache).items():
            found[shard] = found.get(shard, 0.0) + pictures
    return found


def extract_shards_of(plan: Plan, places: Places, shards: Sequence[int], on_embedded: Callable[[], object]) -> None:
    """Compute the features of the clips of some shards, by all extractors; `on_embedded` is called once a clip."""
    from transferpain.inputs.features.extract import extract_shards

    usable = usable_faces(plan, stretches_of(plan, places))
    for extractor in extractors_of(plan):
        extract_shards(extractor, usable, plan.experiment.features, places.cache, shards, on_embedded)


def rows_of_stretch(table: pd.DataFrame, settings: FeatureSettings) -> np.ndarray:
    """Return how many feature rows the stretch of each clip has, int64.

    Args:
        table: that of `with_stretch`; where it has no `variable`, all frames lie at even distances in time.
    """
    if settings.frames is not None:
        return np.full(len(table), settings.frames, np.int64)
    share = 1.0 if settings.fps is None else settings.fps / table["fps"].to_numpy(dtype=float)
    rows = np.round(table["stretch"].to_numpy(dtype=float) * share)
    rows = np.nan_to_num(rows, nan=1.0).clip(1).astype(np.int64)
    for place in np.flatnonzero(_is_uneven(table)) if settings.fps is not None else ():
        from transferpain.inputs.faces.cache import read_seconds
        from transferpain.inputs.features.extract import sampled_frames

        one = table.iloc[place]
        sampling = (float(one["fps"]), float(settings.fps))
        taken = sampled_frames(int(one["num_frames"]), sampling, read_seconds(one["faces"]))
        rows[place] = max(1, int((taken < one["stretch"]).sum()))
    return rows


def _is_uneven(table: pd.DataFrame) -> np.ndarray:
    if "variable" not in table:
        return np.zeros(len(table), bool)
    return table["variable"].to_numpy(dtype=bool) & (table["problem"] == "").to_numpy()


def feature_rows(experiment: Recipe, work: Workload) -> pd.Series:
    """Return about how many feature rows each clip gives."""
    settings = experiment.features
    if settings.frames is not None:
        return pd.Series(settings.frames, index=work.clips.index)
    if settings.fps is None:
        return work.frames
    return work.frames * settings.fps / work.clips["fps"].astype(float)


def features_stage(work: Workload) -> Stage:
    """Estimate the features of all clips; experiments that read the same share it."""
    from transferpain.networks.compute import choose_compute_dtype

    experiment = work.experiment
    dtype, _ = choose_compute_dtype(experiment.features.dtype)
    rows = int(feature_rows(experiment, work).sum())
    made_by, looked_at = f"{experiment.backbone}, {dtype}", f"{rows} frames at {work.size}x{work.size}"
    rate, width = forward_rate(experiment.backbone, dtype, work.size), BACKBONES[experiment.backbone].width
    joined = [f"{one.source} {one.backbone}" for one in experiment.joined]
    if joined:
        backbones = [one.backbone for one in experiment.joined]
        made_by, width = f"{', '.join(backbones)}, {dtype}", sum(BACKBONES[name].width for name in backbones)
        rate = 1 / sum(1 / forward_rate(name, dtype, work.size) for name in backbones)
    bytes_a_value = np.dtype(np.float16).itemsize
    if (own_rate := EXTRACTORS[experiment.features.extractor].rate) is not None:
        made_by, rate = experiment.features.made_by, own_rate
        width = experiment.features.make_extractor(None).width
    if experiment.features.folder is not None:
        made_by, looked_at = experiment.features.made_by, f"{rows} rows"
        rate, width = OWN_RATE, int(work.clips["width"].max())
        bytes_a_value = np.dtype(own_kind(experiment.features).dtype).itemsize
    return Stage(
        experiment.name,
        f"features ({made_by})",
        looked_at,
        rows / rate,
        rows * width * bytes_a_value,
        of=fingerprint(_what_is_read(work)),
    )


def _what_is_read(work: Workload) -> list[Any]:
    """Return what two experiments have in common that read the same features, JSON types."""
    experiment = work.experiment
    return [
        *(experiment.source, experiment.resolved()["source_set"], *map(str, experiment.joined)),
        experiment.features.model_dump(mode="json", exclude={"batch"}),
        experiment.faces.model_dump(mode="json") if experiment.features.folder is None else None,
        # Where so many rows are spread over a stretch, its length tells which.
        experiment.window.model_dump(mode="json") if experiment.features.frames is not None else None,
        work.clips["clip"].tolist(),
    ]
