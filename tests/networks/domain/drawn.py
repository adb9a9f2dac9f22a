"""What the tests of domain losses share: the draws of the known values, and a small network in training."""

import keras
import numpy as np
import pytest

from transferpain.networks.domain.base import DomainLoss
from transferpain.networks.training.batches import Batches, array_batches, one_hot

SIDE, SEED = 6, (0, "fold")


def two_domains() -> tuple[np.ndarray, np.ndarray]:
    """Return the features that known values are of, float64 `(50, 4)` and `(40, 4)`: the last of a series of draws."""
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 8)) + np.eye(3, 8)[np.repeat(np.arange(3), 20)] * 1.5
    assert features.sum() == pytest.approx(78.59714522338376, rel=1e-14)
    random.normal(size=(60, 4))
    source, target = (random.normal(size=(rows, 4)) for rows in (50, 40))
    return source, target @ np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]]) + 1


def value(loss: DomainLoss, source: np.ndarray, target: np.ndarray, progress: float = 0.5) -> float:
    """Return the loss of two batches of features."""
    compare = loss.build(source.shape[1], 0).compare
    return float(compare(*(keras.ops.convert_to_tensor(part, "float32") for part in (source, target, progress))))


def small_network(batch_normalization: bool = True) -> keras.Model:
    """A network whose layers are called as those of a backbone; 6 features below its output of two classes."""

    def drawn(seed: int) -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=seed)

    x = images = keras.Input((SIDE, SIDE, 3), name="images")
    x = keras.layers.Conv2D(4, 3, kernel_initializer=drawn(1))(x)
    x = keras.layers.BatchNormalization(momentum=0.5)(x) if batch_normalization else x
    x = keras.layers.Dropout(0.2, seed=1)(x)
    x = keras.layers.Flatten(name="gap")(x)
    x = keras.layers.Dense(6, "relu", kernel_initializer=drawn(2), name="embedding")(x)
    x = keras.layers.Dense(2, kernel_initializer=drawn(3), name="logits")(x)
    return keras.Model(images, keras.layers.Activation("softmax", name="probabilities")(x))


def pictures(rows: int, seed: int, brightness: float = 0.0) -> np.ndarray:
    """Return pictures of noise, float32; those of another domain are brighter."""
    return np.random.default_rng(seed).normal(brightness, 1, (rows, SIDE, SIDE, 3)).astype(np.float32)


def batches_of(images: np.ndarray, size: int, shuffle: tuple[int | str, ...] | None) -> Batches:
    """Return batches of pictures whose class is whether their first pixel is bright."""
    targets = one_hot(images[:, 0, 0, 0] > images[:, 0, 0, 0].mean(), 2)
    return array_batches(images, targets, np.ones(len(images), np.float32), size, shuffle)


def two_sided(shuffle: tuple[int | str, ...] = SEED) -> tuple[Batches, Batches, Batches]:
    """Return batches of labelled pictures, of brighter ones of another domain, and of the first for validation."""
    return (
        batches_of(pictures(40, 1), 16, shuffle),
        batches_of(pictures(17, 2, 2.0), 16, (*shuffle, "target")),  # its second batch is of one picture
        batches_of(pictures(20, 3), 16, None),
    )
