"""What the stages of strategies cost, to the order of magnitude, on two processor cores and no GPU."""

import math

from transferpain.core.contracts import Stage
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.compute import choose_compute_dtype
from transferpain.strategies.base import Workload

# Multiply-adds per second of a forward pass on two cores: 30 and 10 frames/s of 15.3e9 each. An EPYC with AVX512-BF16
# was measured at 15.0 frames/s in bfloat16 (460 GFLOP/s, 230e9 multiply-adds) and 6.1 in float32, a Xeon with AMX at
# 77.
SPEED = {"bfloat16": 460_414_648_320, "float32": 153_471_549_440}
REFERENCE_SIZE = 224
TRAINING_PASSES = 3  # a training step costs about three forward passes
MESH_RATE = 150.0  # frames per second
BYTES_A_MESH = 478 * 3 * 4
BYTES_A_WEIGHT_FILE = 62e6


def forward_rate(backbone: str, dtype: str, size: int) -> float:
    """Return frames per second of a forward pass: what it takes grows with the picture's area."""
    return SPEED[dtype] / felt_cost(backbone, size)


def felt_cost(backbone: str, size: int) -> float:
    """Return the multiply-adds that VGG16 does in the time that a network takes for a picture."""
    network = BACKBONES[backbone]
    return network.cost * network.slower * (size / REFERENCE_SIZE) ** 2


def pictures_trained_on(work: Workload) -> int:
    """Return about how many pictures the largest training part has."""
    if work.frames is None or (work.samples["row"] >= 0).all():
        return work.largest
    images = work.experiment.images
    late = (work.frames - images.first_frame).clip(lower=0).sum()
    return int(late * work.largest / len(work.samples) / images.every)


def training_stage(work: Workload, pictures: int | None = None, trainings: int | None = None) -> Stage:
    """Estimate the training of a whole backbone on pictures; those of the samples unless another number is given."""
    backbone, size = work.experiment.backbone, work.size
    pictures = pictures_trained_on(work) if pictures is None else pictures
    cost = felt_cost(backbone, size)
    trainings = work.trainings if trainings is None else trainings
    return network_stage(work, backbone, (pictures, f"pictures at {size}x{size}"), cost, trainings)


def network_stage(work: Workload, name: str, rows: tuple[int, str], cost: float, trainings: int) -> Stage:
    """Estimate the training of a network.

    Args:
        name: of the network.
        rows: how many an epoch sees, and what they are.
        cost: multiply-adds of a forward pass of one row.
        trainings: how often it is trained.
    """
    experiment, (count, what) = work.experiment, rows
    dtype, _ = choose_compute_dtype("auto")
    training = experiment.training
    seen = count * training.passes(max(1, math.ceil(count / training.batch)))
    return Stage(
        experiment.name,
        f"training ({name})",
        f"{trainings} x at most {training.epochs} epochs of {seen} {what}",
        trainings * training.epochs * seen * cost * TRAINING_PASSES / SPEED[dtype],
        trainings * BYTES_A_WEIGHT_FILE,
        of=experiment.name,
        trainings=trainings,
    )


def mesh_stage(work: Workload, name: str) -> Stage:
    """Estimate the face mesh of every frame."""
    frames = int(work.frames.sum())
    return Stage(
        work.experiment.name,
        name,
        f"{len(work.clips)} clips, {frames} frames",
        frames / MESH_RATE,
        frames * BYTES_A_MESH,
    )
