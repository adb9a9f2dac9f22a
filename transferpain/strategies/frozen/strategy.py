"""The strategy `frozen`: a head is trained on cached features of a source that stays as it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from transferpain.core.contracts import FittedRows, FoldResult, FramesRead, Section, Stage
from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.inputs.adaptation.base import AdaptationJob
from transferpain.inputs.adaptation.chosen import adapted_features, check_adaptation, needed_clips
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.own import check_frames, keep_own, own_clips, own_contents, own_kind, own_stage
from transferpain.inputs.reference.features import Reference, find_references, referenced_features
from transferpain.inputs.reference.settings import ReferenceSettings
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import NAME_PATTERN, Job, Plan, Prepared, Recipe, Strategy, Workload, refused_frames
from transferpain.strategies.common.loss import check_loss
from transferpain.strategies.common.media import add_stretches, stretches_of
from transferpain.strategies.common.work import forward_rate
from transferpain.strategies.frozen.candidates import check_candidates
from transferpain.strategies.frozen.reference import (
    REFERENCES,
    bundle_facts,
    check_reference,
    describe_references,
    reference_rows,
    reference_stage,
    tells_frames_apart,
)
from transferpain.strategies.frozen.reference_section import reference_section
from transferpain.strategies.frozen.section import candidates_section, joint_section
from transferpain.strategies.frozen.sources import JoinedSource, check_joined
from transferpain.strategies.frozen.stretch_rows import is_uneven, rows_of_stretch

TRANSFERABILITY = "transferability.json"
OWN_RATE = 20_000.0  # rows of own features that are read in a second


class FrozenSettings(BaseModel):
    """The keys of the strategy `frozen`.

    Attributes:
        joined: the sources whose embeddings are read side by side; `source: {joined: [...]}` fills it in.
        adaptation: how cached features are adapted to who, or what dataset, is tested (`docs/adaptation.md`).
        reference: the person's own neutral face, which features are read beside (`docs/reference-faces.md`).
        candidates: name -> what it changes in `head` and `training`, for `protocol.selection: nested`; simplest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Named only where it is set: runs and registrations of versions that did not know it stay as they are.
    joined: tuple[JoinedSource, ...] = Field((), exclude_if=lambda value: not value)
    adaptation: ADAPTATIONS.name_type | None = None
    reference: ReferenceSettings | None = Field(None, exclude_if=lambda value: value is None)
    candidates: dict[Annotated[str, Field(pattern=NAME_PATTERN)], dict[str, Any]] = {}


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
        from transferpain.strategies.frozen.rows import frames_of_spans

        experiment = self.job.plan.experiment
        stage = self.stage.set_index("clip").loc[self.job.plan.samples["file_clip"]]
        rows = self.samples.assign(**{name: stage[name].to_numpy() for name in ("num_frames", "fps", "stretch")})
        trained, answered = (
            tuple(frames_of_spans(experiment, row, mode) for row in rows.itertuples())
            for mode in (experiment.window.train, "first")
        )
        return FramesRead(trained, answered)

    @cached_property
    def adapting(self) -> AdaptationJob:
        """What features are adapted from; after `adapted` it says which samples were read."""
        job = self.job
        return AdaptationJob(job.plan.origin, self.stage, job.plan.experiment.features, job.places.cache)

    @cached_property
    def references(self) -> dict[str, Reference]:
        """Subject -> the neutral face, of an experiment with `reference`."""
        return find_references(self.samples)

    @cached_property
    def adapted(self) -> dict[str, np.ndarray]:
        """Fold -> the feature file of each sample, adapted or beside a reference, as the experiment says."""
        plan, cache = self.job.plan, self.job.places.cache
        if plan.experiment.reference is not None:
            return referenced_features(plan.experiment.reference, self.samples, plan.folds, self.references, cache)
        return adapted_features(plan.experiment.adaptation, self.adapting, self.samples, plan.folds)


class Frozen(Strategy):
    """Features of the source, then a head."""

    name = "frozen"
    heads = tuple(head.Settings for head in HEADS.values())
    Settings = FrozenSettings
    reads = "features"
    makes_sources = False

    def check(self, experiment: Recipe) -> None:
        if experiment.training.kernel_l2:
            raise ValueError("training.kernel_l2: for strategies that train a network, not `frozen`")
        if not HEADS[experiment.head.kind].layers:
            check_loss(experiment, f"`{experiment.head.kind}` is no network")
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
        check_joined(experiment)
        check_reference(experiment)
        check_adaptation(experiment.adaptation, experiment.protocol)
        method = ADAPTATIONS.get(experiment.adaptation)
        if method is not None and method.changes_source and not experiment.features.reads_source:
            raise ValueError(
                f"adaptation: `{method.name}` changes the source, received features of "
                f"`{experiment.features.made_by}`, which does not read it"
            )
        if method is not None and method.changes_source and experiment.joined:
            raise ValueError(f"adaptation: `{method.name}` changes the source, and several are joined")
        check_candidates(experiment)

    def check_task(self, experiment: Recipe, task: Task) -> None:
        features, clip_frames = experiment.features, experiment.window.clip_frames
        by_frame = HEADS[experiment.head.kind].reads == "frame" and not features.whole_clip
        fits = by_frame and (features.fps, features.frames, clip_frames) == (None,) * 3
        if task.sample == "frame" and not fits:
            raise refused_frames(
                experiment,
                task,
                f"head {experiment.head.kind}, features.fps {features.fps}, features.frames {features.frames}, "
                f"window.clip_frames {clip_frames}, made of {'clips' if features.whole_clip else 'frames'}",
            )

    def check_backbone(self, experiment: Recipe, backbone: str) -> None:
        if experiment.adaptation is not None:
            ADAPTATIONS[experiment.adaptation].check_source(experiment.source, backbone)

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

    def prepare(self, job: Job) -> PreparedFeatures:
        table = features_of(job.plan, job.places, job.meter.count_embedded)
        job.meter.count_needed(len(set(table["features"]) - {""}))

        def transferability() -> dict:
            start_tensorflow()
            from transferpain.strategies.frozen.transfer_scores import measure_transfer

            # All folds' training clips together would be every clip, those that are tested on included.
            origin = job.plan.origin if job.plan.experiment.features.reads_source else None
            return measure_transfer(prepared.samples, job.plan.folds[0], origin)

        once = {TRANSFERABILITY: transferability}
        if job.plan.experiment.reference is not None:
            once[REFERENCES] = lambda: describe_references(job.plan, prepared.references)
        prepared = PreparedFeatures(job, table, once=once)
        return prepared

    def fit(self, prepared: PreparedFeatures, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.strategies.frozen.linear_probe import probe_fold
        from transferpain.strategies.frozen.nested import selected_experiment
        from transferpain.strategies.frozen.training import train_head

        plan = prepared.job.plan
        clips = prepared.samples.assign(features=prepared.adapted[fold.name])
        num_classes = len(plan.task.classes)
        if fold.name not in prepared.probed:
            prepared.probed[fold.name] = probe_fold(plan.experiment, clips, fold, num_classes)
        experiment, chosen_by = selected_experiment(plan.experiment, clips, fold, seed, num_classes, folder)
        trained = train_head(experiment, clips, fold, seed, num_classes, folder / "checkpoint.npz", prepared.traced)
        probed = replace(trained, **prepared.probed[fold.name].added_to(trained, seed))
        adapted = adapted_rows(plan.experiment.adaptation, prepared.adapting, fold)
        referenced = reference_rows(plan.experiment.reference, fold)
        fitted = (*probed.fitted, *chosen_by, *adapted, *referenced)
        return replace(probed, fitted=fitted, facts=bundle_facts(plan.experiment.reference))

    def stages(self, work: Workload) -> list[Stage]:
        from transferpain.networks.compute import choose_compute_dtype

        experiment, head = work.experiment, HEADS[work.experiment.head.kind]
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
        trainings = work.trainings
        if experiment.candidates:
            trainings *= 1 + len(experiment.candidates) * experiment.protocol.inner_folds
        share = work.largest / len(work.samples)
        learned = rows * share if head.reads == "frame" else work.largest
        training = experiment.training
        passes = training.passes(max(1, math.ceil(learned / training.batch)))
        of = f" of {passes} passes" if passes > 1 else ""
        fitted = f"{trainings} trainings of at most {training.epochs} epochs{of}"
        seen = training.epochs * passes * rows * share
        if not head.layers:  # of scikit-learn: it has no epochs, and reads one row a clip
            fitted, seen = f"{trainings} fits", work.largest
        return [
            Stage(
                experiment.name,
                f"features ({made_by})",
                looked_at,
                rows / rate,
                rows * width * bytes_a_value,
                of=fingerprint(
                    [
                        experiment.source,
                        experiment.resolved()["source_set"],
                        experiment.features.folder,
                        *map(str, experiment.joined),
                    ]
                ),
            ),
            *reference_stage(work, rows * width * bytes_a_value),
            Stage(
                experiment.name,
                f"head ({head.name})",
                fitted,
                trainings * seen / head.rows_per_second,
                0.0,
                of=experiment.name,
                trainings=trainings,
            ),
        ]

    def section(self, run: Path) -> Section | None:
        return joint_section([candidates_section(run), reference_section(run)])


FROZEN = Frozen()


def adapted_rows(adaptation: str | None, adapting: AdaptationJob, fold: Fold) -> tuple[FittedRows, ...]:
    """Return the rows that an adaptation has read in a fold, as it noted them; nothing where it noted none."""
    if adaptation is None or fold.name not in adapting.seen:
        return ()
    method = ADAPTATIONS[adaptation]
    return (FittedRows(f"adaptation {method.name}", adapting.seen[fold.name], method.transductive),)


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
        if settings.whole_clip or plan.task.sample == "frame" or tells_frames_apart(plan):
            check_frames(plan.clips, own, settings, places.data_root, places.cache)
        faces = add_stretches(plan, own)
    needed = needed_clips(plan.experiment.adaptation, plan.samples, plan.folds)
    usable = faces[(faces["problem"] == "") & faces["clip"].isin(needed)]
    if settings.folder is None:
        how = (usable, settings, places.cache, on_embedded)
        if plan.origin.parts:
            features = extract_joined([settings.make_extractor(part) for part in plan.origin.parts], *how)
        else:
            features = extract_features(settings.make_extractor(plan.origin), *how)
    else:
        features = keep_own(usable, settings, places.cache)
    table = faces.rename(columns={"found": "pictures"}).merge(features, on="clip", how="left", validate="one_to_one")
    table["features"] = table["features"].fillna("").astype(str)
    table["frames"] = table["frames"].fillna(0).astype(int)
    table["rate"] = settings.fps or table["fps"]
    uneven = zip(table.get("faces", table["clip"]), is_uneven(table), strict=True)
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


def feature_rows(experiment: Recipe, work: Workload) -> pd.Series:
    """Return about how many feature rows each clip gives."""
    settings = experiment.features
    if settings.frames is not None:
        return pd.Series(settings.frames, index=work.clips.index)
    if settings.fps is None:
        return work.frames
    return work.frames * settings.fps / work.clips["fps"].astype(float)
