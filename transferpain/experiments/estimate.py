"""What a run will cost, before anything is computed: stages, hours and disk, to the order of magnitude.

Hours assume two processor cores and no GPU; early stopping makes training shorter.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from transferpain.data.media.paths import resolve_media
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.samples import deals_out_frames, labelled_samples, split_samples
from transferpain.experiments.schema import Experiment
from transferpain.inputs.action_units.proxy import UNITS
from transferpain.models.sources.origin import BUILT
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.heads.registry import HEADS

# Frames a second on two cores: faces and face mesh at 640x480.
DETECTION_RATES = {"mediapipe": 150.0, "dlib": 45.0, "face_alignment": 1.0}
# Multiply-adds a second of a forward pass on two cores: 30 and 10 frames/s of 15.3e9 each. An EPYC with AVX512-BF16 was
# measured at 15.0 frames/s in bfloat16 (460 GFLOP/s, 230e9 multiply-adds) and 6.1 in float32, a Xeon with AMX at 77.
FORWARD_RATES = {"bfloat16": 460_414_648_320, "float32": 153_471_549_440}
MESH_RATE = 150.0
BYTES_A_MESH = 478 * 3 * 4
# Of gradient boosting, for a row, a column that a split looks at, a tree and a level of it.
SECONDS_A_STEP = 1e-7
TRAINING_PASSES = 3  # a training step costs about three forward passes
REFERENCE_SIZE = 224
BYTES_A_PIXEL_OF_A_FACE = 0.5
BYTES_A_WEIGHT_FILE = 62e6


@dataclass(frozen=True)
class Stage:
    """One stage: what it works on, how long it takes, what it leaves on the disk."""

    experiment: str
    name: str
    work: str
    seconds: float
    disk_bytes: float

    @property
    def work_key(self) -> tuple[str, str, float]:
        """Equal for a stage that two experiments share."""
        return self.name, self.work, self.seconds


def estimate(experiment: Experiment, folder: Path, places: Places) -> list[Stage]:
    """Return the stages of an experiment, those of its sources first."""
    stages = []
    if experiment.source not in BUILT:
        source = source_experiment(experiment, folder)
        if source is not None:
            stages = estimate(source, folder, places)
    _, index, samples = labelled_samples(experiment, places)
    samples, folds = split_samples(experiment, samples)
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])].reset_index(drop=True)
    trainings = len(folds) * len(experiment.seeds)
    if experiment.candidates:
        trainings *= 1 + len(experiment.candidates) * experiment.protocol.inner_folds
    largest = max(len(fold.train) for fold in folds)
    if (clips["kind"] == "image_rows").all():
        images = experiment.images.size
        return [*stages, training_stage(experiment, images, largest, trainings)]
    frames = clip_frames(clips, places.data_root)
    total = int(frames.sum())
    size = experiment.faces.size
    stages.append(
        Stage(
            experiment.name,
            f"faces ({experiment.faces.detector})",
            f"{len(clips)} clips, {total} frames",
            total / DETECTION_RATES[experiment.faces.detector],
            total * size * size * BYTES_A_PIXEL_OF_A_FACE,
        )
    )
    if experiment.strategy == "fused":
        mesh = f"{len(clips)} clips, {total} frames"
        stages.append(Stage(experiment.name, "landmarks", mesh, total / MESH_RATE, total * BYTES_A_MESH))
        if deals_out_frames(experiment):
            largest //= experiment.fusion.frames
        return [*stages, fusion_stage(experiment, largest, trainings)]
    share = largest / len(samples)
    if experiment.strategy != "frozen":
        if (samples["row"] >= 0).all():
            stages.append(training_stage(experiment, size, largest, trainings))
            return stages + (three_models_stages(experiment, total, folds) if experiment.strategy == "hybrid" else [])
        late = (frames - experiment.images.first_frame).clip(lower=0).sum()
        pictures = int(late * share / experiment.images.every)
        return [*stages, training_stage(experiment, size, pictures, trainings)]
    dtype, _ = choose_compute_dtype(experiment.features.dtype)
    rows = int(feature_rows(experiment, clips, frames).sum())
    stages.append(
        Stage(
            experiment.name,
            f"features ({experiment.backbone}, {dtype})",
            f"{rows} frames at {size}x{size}",
            rows / forward_rate(experiment.backbone, dtype, size),
            rows * BACKBONES[experiment.backbone].width * 2,
        )
    )
    epochs = experiment.training.epochs
    stages.append(
        Stage(
            experiment.name,
            f"head ({experiment.head.kind})",
            f"{trainings} trainings of at most {epochs} epochs",
            trainings * epochs * rows * share / HEADS[experiment.head.kind].rows_per_second,
            0.0,
        )
    )
    return stages


def feature_rows(experiment: Experiment, clips: pd.DataFrame, frames: pd.Series) -> pd.Series:
    """Return about how many feature rows each clip gives."""
    settings = experiment.features
    if settings.frames is not None:
        return pd.Series(settings.frames, index=clips.index)
    if settings.fps is None:
        return frames
    return frames * settings.fps / clips["fps"].astype(float)


def training_stage(experiment: Experiment, size: int, pictures: int, trainings: int) -> Stage:
    """Estimate the training of a whole network on pictures of `size`."""
    dtype, _ = choose_compute_dtype("auto")
    epochs = experiment.training.epochs
    rate = forward_rate(experiment.backbone, dtype, size) / TRAINING_PASSES
    return Stage(
        experiment.name,
        f"training ({experiment.backbone})",
        f"{trainings} x at most {epochs} epochs of {pictures} pictures at {size}x{size}",
        trainings * epochs * pictures / rate,
        trainings * BYTES_A_WEIGHT_FILE,
    )


def three_models_stages(experiment: Experiment, frames: int, folds: list[Fold]) -> list[Stage]:
    """Estimate what the strategy `hybrid` does besides tuning its network."""
    boosting = experiment.head.boosting
    backbone = BACKBONES[experiment.backbone]
    width = backbone.width if experiment.cut == "embedding" else backbone.channels
    candidates = len(boosting.learning_rates) * len(boosting.estimators) * len(boosting.depths)
    # Each candidate's trees and levels, once a fold of the search.
    levels = len(boosting.learning_rates) * sum(boosting.estimators) * sum(boosting.depths) * boosting.folds
    steps = 0.0
    for fold in folds:
        alone, both = len(fold.train) + len(fold.selection), len(fold.selection)
        for rows, columns in ((alone, len(UNITS)), (both, len(UNITS) + width)):
            steps += rows * (columns if boosting.columns == "all" else columns**0.5) * levels
    trainings = len(folds) * len(experiment.seeds)
    mesh = Stage(experiment.name, "action units", f"{frames} frames", frames / MESH_RATE, frames * BYTES_A_MESH)
    return [
        *([mesh] if experiment.head.action_units is None else []),
        Stage(
            experiment.name,
            "gradient boosting",
            f"{trainings} x {candidates} candidates, on action units and on them and {width} features",
            steps * SECONDS_A_STEP * len(experiment.seeds),
            0.0,
        ),
    ]


def fusion_stage(experiment: Experiment, clips: int, trainings: int) -> Stage:
    """Estimate the training of the fused network: pictures take nearly all of it, in two of its phases."""
    pictures = 0 if experiment.fusion.branches == "landmarks" else clips * experiment.fusion.frames
    return training_stage(experiment, experiment.faces.size, pictures, 2 * trainings)


def forward_rate(backbone: str, dtype: str, size: int) -> float:
    """Return frames a second of a forward pass: its cost grows with the picture's area."""
    return FORWARD_RATES[dtype] / BACKBONES[backbone].cost * (REFERENCE_SIZE / size) ** 2


def clip_frames(clips: pd.DataFrame, data_root: Path) -> pd.Series:
    """Return the nominal frames of each clip, float; where the index states none, the video's header does."""
    import cv2

    frames = clips["num_frames"].astype("Float64")
    for row in frames.index[frames.isna()]:
        video = cv2.VideoCapture(str(resolve_media(data_root, clips["media"][row])))
        frames[row] = max(0.0, video.get(cv2.CAP_PROP_FRAME_COUNT))
        video.release()
    return frames.astype(float)


def estimate_rows(stages: list[Stage]) -> list[list[str]]:
    """Return the table of a dry run, with a row of sums; a stage that two experiments share counts once."""
    unique = {stage.work_key: stage for stage in stages}.values()
    rows = [[stage.experiment, stage.name, stage.work, *_amounts(stage.seconds, stage.disk_bytes)] for stage in unique]
    seconds, disk = sum(stage.seconds for stage in unique), sum(stage.disk_bytes for stage in unique)
    return [*rows, ["sum", "", "", *_amounts(seconds, disk)]]


def _amounts(seconds: float, disk_bytes: float) -> list[str]:
    return [f"{seconds / 3600:.2f}", f"{disk_bytes / 1e9:.2f}"]
