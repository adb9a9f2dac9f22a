"""What the tests of a training share: settings, a network of everything that carries state, and its pictures."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd

from transferpain.networks.training.batches import Batches, Images, image_batches
from transferpain.networks.training.settings import (
    AugmentSettings,
    TrainingSettings,
)

SEED = (0, "fold")
SGD = {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
COSINE = {"name": "cosine", "warmup_epochs": 0.5}
EVERY_EPOCH = {"epochs": 4, "batch": 16, "checkpoint_seconds": 0}  # has a checkpoint
EVERYTHING = {
    "sgd, cosine, average": TrainingSettings(
        **EVERY_EPOCH, optimizer=SGD, schedule=COSINE, ema=0.9, patience=None, label_mode="probability"
    ),
    "adam, early stopping": TrainingSettings(
        **EVERY_EPOCH, optimizer={"name": "adam", "learning_rate": 0.03}, patience=2
    ),
    "adadelta, average, early stopping": TrainingSettings(
        **EVERY_EPOCH, optimizer={"name": "adadelta", "learning_rate": 1.0}, ema=0.8, patience=3
    ),
}


def small_network() -> keras.Model:
    """Convolution, batch normalisation and two dropouts: everything that carries state."""
    images = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(4, 3, kernel_initializer=keras.initializers.HeNormal(seed=1))(images)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.2, seed=1)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(8, "relu", kernel_initializer=keras.initializers.HeNormal(seed=2))(x)
    x = keras.layers.Dropout(0.2, seed=2)(x)
    x = keras.layers.Dense(3, "softmax", kernel_initializer=keras.initializers.HeNormal(seed=3))(x)
    return keras.Model(images, x)


def image_data(settings: TrainingSettings) -> tuple[Batches, Batches]:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (72, 12, 12), dtype=np.uint8)
    targets = random.dirichlet(np.ones(3), 72).astype(np.float32)
    weights = random.random(72, dtype=np.float32)
    images = Images(lambda rows: pixels[rows], targets, weights)

    def prepare(batch):
        return batch.astype(np.float32) / 255

    changes = AugmentSettings(flip=0.5, rotation=15, shift=0.1, zoom=0.1)
    training = image_batches(images, prepare, 12, settings.batch, changes, settings.label_mode, SEED)
    return training, image_batches(images, prepare, 12, 16, changes, settings.label_mode, None)


def equal_weights(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def without_seconds(history: pd.DataFrame) -> pd.DataFrame:
    return history.drop(columns="seconds")


def breaking_off(training: Batches, epoch: int) -> Batches:
    """The same batches, but reading stops with an error after the first batch of `epoch`."""

    def of(number: int):
        for batch in training.of(number):
            yield batch
            if number == epoch:
                raise RuntimeError("power cut")

    return replace(training, of=of)
