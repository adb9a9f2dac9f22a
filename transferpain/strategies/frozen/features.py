"""The features of a plan's clips: which clips need them, what makes them, and how their rows lie in time."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from transferpain.data.places import Places
from transferpain.inputs.adaptation.chosen import needed_clips
from transferpain.inputs.features.extractors.extractor import Extractor
from transferpain.inputs.features.own import check_frames, keep_own, own_stage
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.strategies.base import Plan
from transferpain.strategies.common.media import add_stretches, stretches_of


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
        if settings.whole_clip or plan.task.sample == "frame":
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


def usable_faces(plan: Plan, faces: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a faces stage with `stretch` whose features the plan needs."""
    needed = needed_clips(plan.experiment.adaptation, plan.samples, plan.folds)
    return faces[(faces["problem"] == "") & faces["clip"].isin(needed)]


def extractors_of(plan: Plan) -> list[Extractor]:
    """Return what makes the plan's features of faces: one extractor, or one of each source that is joined."""
    settings = plan.experiment.features
    return [settings.make_extractor(part) for part in plan.origin.parts or (plan.origin,)]


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
