"""What a run will cost, before anything is computed: stages, hours and disk, to the order of magnitude.

Hours assume two processor cores and no GPU; early stopping makes training shorter.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Stage
from transferpain.core.store import fingerprint
from transferpain.data.media.paths import resolve_media
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import settled, source_experiment
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.experiments.schema import Experiment
from transferpain.inputs.features.own import own_clips
from transferpain.models.sources.face_settings import check_installed
from transferpain.models.sources.origin import BUILT
from transferpain.strategies.base import Workload
from transferpain.strategies.common.stretch import check_skipped
from transferpain.strategies.registry import STRATEGIES

# The processors that hours assume.
ESTIMATED_ON = 2
# Frames per second on these, at 640x480.
DETECTION_RATES = {"mediapipe": 150.0, "dlib": 45.0, "face_alignment": 1.0, "yunet": 60.0}
BYTES_A_PIXEL_OF_A_FACE = 0.5


def estimate(
    experiment: Experiment, folder: Path, places: Places, is_done: Callable[[Experiment], bool] = lambda source: False
) -> list[Stage]:
    """Return the stages of an experiment, those of its sources first.

    Args:
        folder: where experiments that `source:` names stand.
        is_done: tells whether a source is finished, so that it costs nothing.

    Raises:
        UserError: if its parts do not fit together, or its detector is not installed.
    """
    experiment, stages = settled(experiment, folder), []
    if experiment.source not in BUILT:
        source = source_experiment(experiment, folder)
        if source is not None and not is_done(source):
            stages = estimate(source, folder, places, is_done)
    _, index, samples = labelled_samples(experiment, places)
    samples, folds = split_samples(experiment, samples)
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])].reset_index(drop=True)
    strategy = STRATEGIES[experiment.strategy]
    if strategy.reads == "answers":
        return strategy.stages(Workload(experiment, clips, None, samples, folds, experiment.faces.size))
    if experiment.features.folder is not None:
        clips = clips.drop(columns=["num_frames", "fps"]).merge(own_clips(clips, experiment.features, places.data_root))
        frames = clips["num_frames"].astype(float)
        return [*stages, *strategy.stages(Workload(experiment, clips, frames, samples, folds, experiment.faces.size))]
    if (clips["kind"] == "image_rows").all():
        return [*stages, *strategy.stages(Workload(experiment, clips, None, samples, folds, experiment.images.size))]
    check_installed(experiment.faces.detector)
    clips = with_headers(clips, places.data_root)
    frames = clips["num_frames"].astype(float)
    if strategy.reads == "faces" and experiment.images.first_frame:
        check_skipped(experiment.images.first_frame, int(frames.max()), index.dataset.name)
    work = Workload(experiment, clips, frames, samples, folds, experiment.faces.size)
    return [*stages, faces_stage(work), *strategy.stages(work)]


def faces_stage(work: Workload) -> Stage:
    """Estimate the faces of every frame."""
    faces, total = work.experiment.faces, int(work.frames.sum())
    return Stage(
        work.experiment.name,
        f"faces ({faces.detector})",
        f"{len(work.clips)} clips, {total} frames",
        total / DETECTION_RATES[faces.detector],
        total * faces.size**2 * BYTES_A_PIXEL_OF_A_FACE,
        of=fingerprint([faces.model_dump(mode="json"), work.clips["clip"].tolist()]),
    )


def clip_frames(clips: pd.DataFrame, data_root: Path) -> pd.Series:
    """Return the nominal frames of each clip, float; where the index states none, the video's header does."""
    from transferpain.data.media.animations import picture_count
    from transferpain.data.media.paths import is_picture
    from transferpain.data.media.video import stated_frames

    frames = clips["num_frames"].astype("Float64")
    for row in frames.index[frames.isna()]:
        path = resolve_media(data_root, clips["media"][row])
        # Of a span without an end, what is behind its beginning.
        whole = picture_count(path) if is_picture(path.name) else stated_frames(path)
        frames[row] = max(0.0, whole - clips["first_frame"][row])
    return frames.astype(float)


def with_headers(clips: pd.DataFrame, data_root: Path) -> pd.DataFrame:
    """Return clips with their nominal frames and rate, which videos' headers state where the index does not."""
    from transferpain.core.quiet import silence_opencv
    from transferpain.data.media.video import stated_rate

    silence_opencv()
    fps = clips["fps"].astype("Float64")
    for row in clips.index[fps.isna() & clips["kind"].isin(["video", "span"])]:
        if rate := stated_rate(resolve_media(data_root, clips["media"][row])):
            fps[row] = rate
    return clips.assign(num_frames=clip_frames(clips, data_root), fps=fps)


def estimate_rows(stages: list[Stage]) -> list[list[str]]:
    """Return the table of a dry run, with a row of sums; a stage that two experiments share counts once."""
    unique = {stage.work_key: stage for stage in stages}.values()
    rows = [[stage.experiment, stage.name, stage.work, *_amounts(stage.seconds, stage.disk_bytes)] for stage in unique]
    seconds, disk = sum(stage.seconds for stage in unique), sum(stage.disk_bytes for stage in unique)
    return [*rows, ["sum", "", "", *_amounts(seconds, disk)]]


def _amounts(seconds: float, disk_bytes: float) -> list[str]:
    return [f"{seconds / 3600:.2f}", f"{disk_bytes / 1e9:.2f}"]
