"""What the Keras heads share: one way to be trained, and layers whose weights come from the seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.core.store import fingerprint
from transferpain.networks.heads.base import HeadSettings, HeadTraining, Rows
from transferpain.networks.outputs.registry import ending_in
from transferpain.networks.training.batches import Batches, one_hot, rows_of_batches
from transferpain.networks.training.fit import Training, fit, reset_model

# Batches that are handed over together: as long as they are small, and no more than a stop by hand can wait for.
NUMBERS_TOGETHER = 1 << 20
MOST_TOGETHER = 16


@dataclass(frozen=True)
class FittedNetwork:
    """A trained Keras head.

    Attributes:
        network: the head, which belongs to this training alone.
        traced: a head of the same layers that has traced its graphs; it predicts, and other trainings share it.
        training: history, and the epoch whose weights are kept.
    """

    network: keras.Model
    traced: keras.Model
    training: Training

    @property
    def history(self) -> pd.DataFrame:
        return self.training.history

    @property
    def selection_loss(self) -> float:
        rows = self.history.set_index("epoch")
        return float(rows.loc[self.training.epoch, "val_loss"])

    def predict(self, x: np.ndarray) -> np.ndarray:
        # Another training may have left its weights there.
        self.traced.set_weights(self.network.get_weights())
        return self.traced.predict_on_batch(x)

    def parts(self) -> dict[str, keras.Model]:
        return {"model": self.network}


def fit_network(
    build: Callable[[int], keras.Model], settings: HeadSettings, training: HeadTraining, train: Rows, selection: Rows
) -> FittedNetwork:
    """Train the head that `build(seed)` returns, with the graphs of an earlier head of its kind where there is one.

    To trace a head's graphs takes longer than some epochs.
    """
    seed = derive_seed(*training.seed, "weights")
    batches = batches_of(train, training, training.seed)
    loss = training.settings.loss
    network = ending_in(build(seed), loss, training.classes, seed)
    shape = [training.frames, training.dimension, training.classes, batches.steps]
    key = fingerprint([settings.model_dump(mode="json"), training.settings.model_dump(mode="json"), *shape])
    if key not in training.traced:
        training.traced[key] = ending_in(build(seed), loss, training.classes, seed)
    traced = training.traced[key]
    reset_model(traced, network.get_weights())
    train_network = training.trainer or fit
    trained = train_network(
        traced,
        batches,
        batches_of(selection, training, None),
        training.settings,
        training.checkpoint,
        training.seed,
        label=training.label,
    )
    network.set_weights(traced.get_weights())
    return FittedNetwork(network, traced, trained)


def batches_of(rows: Rows, training: HeadTraining, shuffle: tuple[int | str, ...] | None) -> Batches:
    """Make batches of rows that are loaded when they are needed.

    Args:
        shuffle: parts of the seed of the order; `None` keeps the order.
    """
    targets = one_hot(rows.y, training.classes)
    size = training.settings.batch

    def of(epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for positions in rows_of_batches(len(rows.y), size, shuffle, epoch):
            yield rows.load(positions), targets[positions], rows.weights[positions]

    numbers = size * rows.load(np.zeros(1, np.int64)).size
    return Batches(of, len(rows.y), size, together=min(MOST_TOGETHER, max(1, NUMBERS_TOGETHER // numbers)))


def seeded_dense(units: int, seed: int, name: str, activation: str | None = None) -> keras.layers.Dense:
    """Return a dense layer whose Glorot uniform kernel is drawn from `seed` and `name`."""
    kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, name))
    return keras.layers.Dense(units, activation=activation, kernel_initializer=kernel, name=name)


def seed_attention(attention: keras.layers.MultiHeadAttention, seed: int) -> None:
    """Draw the kernels of attention, once it is built, Glorot uniform from `seed` and its name, each for itself.

    One seeded initialiser for all would start queries, keys and values with the same weights.
    """
    for part in ("query", "key", "value", "output"):
        kernel = getattr(attention, f"{part}_dense").kernel
        kernel.assign(keras.initializers.GlorotUniform(seed=derive_seed(seed, attention.name, part))(kernel.shape))
