"""Training VGG16 on face pictures, the longest stage of `make demo`: what its loop, its dtype and its size cost."""

from pathlib import Path
from typing import NamedTuple

import cv2
import keras
import numpy as np

from benchmarks.measure import Figure, in_turn, main, speed_ratio, speeds
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.models.sources.preprocessing import scale_pixels
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.training.batches import Images, image_batches, one_hot
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import fit
from transferpain.networks.training.settings import AugmentSettings, TrainingSettings

BATCH = 32
CLASSES = 2
DEMO_SIZE, LARGER_SIZE = 64, 80
SETTINGS = TrainingSettings(batch=BATCH, epochs=1, patience=None, augment=AugmentSettings(flip=0.5))


class Sizes(NamedTuple):
    demo: int
    larger: int
    batches: int
    repetitions: int


FULL = Sizes(DEMO_SIZE, LARGER_SIZE, batches=12, repetitions=5)
QUICK = Sizes(32, 48, batches=2, repetitions=1)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    make_deterministic()
    contestants = {
        "the stage": the_stage(folder, sizes),
        "bare steps": bare_steps(sizes.demo, "mixed_bfloat16", sizes),
        "float32": bare_steps(sizes.demo, "float32", sizes),
        "larger": bare_steps(sizes.larger, "mixed_bfloat16", sizes),
    }
    in_turn(contestants, 1)  # the first use builds the graphs
    seconds = in_turn(contestants, sizes.repetitions)
    pictures = sizes.batches * BATCH
    figures = [
        Figure(
            "the stage v bare steps on arrays, validation included", speed_ratio(seconds, "the stage", "bare steps")
        ),
        Figure("mixed bfloat16 v float32", speed_ratio(seconds, "bare steps", "float32")),
        Figure(f"{DEMO_SIZE}x{DEMO_SIZE} v {LARGER_SIZE}x{LARGER_SIZE}", speed_ratio(seconds, "bare steps", "larger")),
        Figure("the stage", speeds(seconds, dict.fromkeys(seconds, pictures))["the stage"], "pictures/s"),
    ]
    return {"figures": figures, "seconds": seconds, "sizes": sizes._asdict()}


def the_stage(folder: Path, sizes: Sizes):
    """Return a call that trains an epoch as a run does, from JPEG decoding to the checkpoint; one batch validates."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (sizes.batches * BATCH, sizes.demo, sizes.demo, 3), dtype=np.uint8)
    jpegs = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]
    targets = one_hot(np.arange(len(jpegs)) % CLASSES, CLASSES)
    images = Images(
        lambda rows: np.stack([decode_jpeg(jpegs[row]) for row in rows]), targets, np.ones(len(jpegs), np.float32)
    )
    validation = Images(images.load, targets[:BATCH], images.weights[:BATCH])
    model = with_dtype(build_vgg16_gap(sizes.demo, CLASSES), "mixed_bfloat16")

    def prepare(pixels: np.ndarray) -> np.ndarray:
        return scale_pixels(pixels.astype(np.float32), "unit")

    def batches(data: Images, shuffle: tuple[int | str, ...] | None):
        return image_batches(data, prepare, sizes.demo, BATCH, SETTINGS.augment, "majority", shuffle)

    def train():
        checkpoint = folder / "checkpoint.npz"
        fit(model, batches(images, (0, "fold")), batches(validation, None), SETTINGS, checkpoint, (0, "fold"))
        checkpoint.unlink()

    return train


def bare_steps(size: int, dtype: str, sizes: Sizes):
    """Return a call that takes as many training steps on one batch in memory, and nothing else."""
    model = with_dtype(build_vgg16_gap(size, CLASSES), dtype)
    model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy", jit_compile=False)
    inputs = np.random.default_rng(0).random((BATCH, size, size, 3), dtype=np.float32)
    targets = one_hot(np.arange(BATCH) % CLASSES, CLASSES)

    def train():
        for _ in range(sizes.batches):
            model.train_on_batch(inputs, targets)

    return train


if __name__ == "__main__":
    main("training", measure)
