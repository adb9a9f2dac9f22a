"""Training VGG16 on face pictures, the longest stage of `make demo`: what its loop, its dtype and its size cost."""

from pathlib import Path
from typing import NamedTuple

import cv2
import keras
import numpy as np

from benchmarks.measure import Figure, in_turn, main, speeds
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.models.sources.preprocessing import scale_pixels
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.training.batches import Batches, Images, image_batches, one_hot
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import fit, reset_model
from transferpain.networks.training.settings import AugmentSettings, TrainingSettings

CLASSES = 2
DEMO_SIZE, LARGER_SIZE = 64, 80
AUGMENT = AugmentSettings(flip=0.5)


class Sizes(NamedTuple):
    demo: int
    larger: int
    batch: int
    batches: int
    epochs: int
    repetitions: int


# Longer than the time between two checkpoints, so that what one costs is in the stage's time.
FULL = Sizes(DEMO_SIZE, LARGER_SIZE, batch=32, batches=12, epochs=7, repetitions=5)
# A batch of two: a processor without bfloat16 takes some fifty times as long for it as for float32.
QUICK = Sizes(32, 48, batch=2, batches=1, epochs=1, repetitions=1)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    make_deterministic()
    contestants = {
        "the stage": the_stage(folder, sizes),
        "the loop": the_loop(sizes),
        "bare steps": bare_steps(sizes.demo, "mixed_bfloat16", sizes),
        "float32": bare_steps(sizes.demo, "float32", sizes),
        "larger": bare_steps(sizes.larger, "mixed_bfloat16", sizes),
    }
    if not quick:
        in_turn(contestants, 1)  # the first use builds the graphs
    seconds = in_turn(contestants, sizes.repetitions)
    epoch = sizes.batches * sizes.batch
    pictures = dict.fromkeys(seconds, epoch) | dict.fromkeys(("the stage", "the loop"), sizes.epochs * epoch)
    speed = speeds(seconds, pictures)
    figures = [
        Figure(
            "the stage v a loop that decodes, changes, steps and validates alike",
            speed["the stage"] / speed["the loop"],
            least=0.95,
        ),
        Figure("the stage v bare steps on arrays, validation included", speed["the stage"] / speed["bare steps"]),
        Figure("mixed bfloat16 v float32", speed["bare steps"] / speed["float32"]),
        Figure(f"{DEMO_SIZE}x{DEMO_SIZE} v {LARGER_SIZE}x{LARGER_SIZE}", speed["bare steps"] / speed["larger"]),
        Figure("the stage", speed["the stage"], "pictures/s"),
    ]
    return {"figures": figures, "seconds": seconds, "sizes": sizes._asdict()}


def the_stage(folder: Path, sizes: Sizes):
    """Return a call that trains as a run does, from JPEG decoding to the checkpoints; one batch validates.

    The graphs of the first call serve all: in a run they are built once for all epochs of a phase.
    """
    images, validation = pictures(sizes)
    model = with_dtype(build_vgg16_gap(sizes.demo, CLASSES), "mixed_bfloat16")
    start = model.get_weights()
    settings = TrainingSettings(batch=sizes.batch, epochs=sizes.epochs, patience=None, augment=AUGMENT)

    def train():
        reset_model(model, start)
        checkpoint = folder / "checkpoint.npz"
        training = batches_of(images, sizes, (0, "fold"))
        fit(model, training, batches_of(validation, sizes, None), settings, checkpoint, (0, "fold"))
        checkpoint.unlink()

    return train


def the_loop(sizes: Sizes):
    """Return a call that does the stage's decoding, changes, steps and validation from the same start, no more."""
    images, validation = pictures(sizes)
    model = with_dtype(build_vgg16_gap(sizes.demo, CLASSES), "mixed_bfloat16")
    start = model.get_weights()
    model.compile(
        keras.optimizers.Adam(1e-4),
        keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        jit_compile=False,
    )

    def train():
        reset_model(model, start)
        for epoch in range(sizes.epochs):
            for batch in batches_of(images, sizes, (0, "fold")).of(epoch):
                model.train_on_batch(*batch)
            for batch in batches_of(validation, sizes, None).of(0):
                model.test_on_batch(*batch)

    return train


def pictures(sizes: Sizes) -> tuple[Images, Images]:
    """Return JPEGs of noise to train on, and one batch of them to validate with."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (sizes.batches * sizes.batch, sizes.demo, sizes.demo, 3), dtype=np.uint8)
    jpegs = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in noise]
    targets = one_hot(np.arange(len(jpegs)) % CLASSES, CLASSES)
    images = Images(
        lambda rows: np.stack([decode_jpeg(jpegs[row]) for row in rows]), targets, np.ones(len(jpegs), np.float32)
    )
    return images, Images(images.load, targets[: sizes.batch], images.weights[: sizes.batch])


def batches_of(images: Images, sizes: Sizes, shuffle: tuple[int | str, ...] | None) -> Batches:
    """Make batches as a run does; `shuffle` of `None` means validation."""

    def prepare(pixels: np.ndarray) -> np.ndarray:
        return scale_pixels(pixels.astype(np.float32), "unit")

    return image_batches(images, prepare, sizes.demo, sizes.batch, AUGMENT, "majority", shuffle)


def bare_steps(size: int, dtype: str, sizes: Sizes):
    """Return a call that takes an epoch's training steps on one batch in memory, and nothing else."""
    model = with_dtype(build_vgg16_gap(size, CLASSES), dtype)
    model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy", jit_compile=False)
    inputs = np.random.default_rng(0).random((sizes.batch, size, size, 3), dtype=np.float32)
    targets = one_hot(np.arange(sizes.batch) % CLASSES, CLASSES)

    def train():
        for _ in range(sizes.batches):
            model.train_on_batch(inputs, targets)

    return train


if __name__ == "__main__":
    main("training", measure)
