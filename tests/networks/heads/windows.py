"""The networks of the heads on windows, small, and windows for them."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from transferpain.networks.heads.bilstm_ann import BilstmAnnSettings, build_bilstm_ann
from transferpain.networks.heads.bilstm_attention import BilstmAttentionSettings, build_bilstm_attention
from transferpain.networks.heads.cnn_1d import Cnn1dSettings, build_cnn_1d
from transferpain.networks.heads.gru import GruSettings, build_gru
from transferpain.networks.heads.lstm import build_lstm
from transferpain.networks.heads.statistics import build_statistics
from transferpain.networks.heads.tcn import TcnSettings, build_tcn
from transferpain.networks.heads.transformer import TransformerSettings, build_transformer

DIMENSION, CLASSES = 5, 3
TCN = TcnSettings(kind="tcn", width=8, kernel=2, dilations=(1, 2))
GRU = GruSettings(kind="gru", units=(6, 4))
BILSTM = BilstmAttentionSettings(kind="bilstm_attention", units=6)
BILSTM_ANN = BilstmAnnSettings(kind="bilstm_ann", units=6, hidden=(4,))
CNN_1D = Cnn1dSettings(kind="cnn_1d", channels=(6, 8), kernel=3)
TRANSFORMER = TransformerSettings(kind="transformer", width=8, heads=2, blocks=2)
# Name -> what builds the network, from frames, features, classes and seed.
SMALL: dict[str, Callable[[int, int, int, int], keras.Model]] = {
    "lstm": partial(build_lstm, masked=True),
    "gru": partial(build_gru, settings=GRU),
    "tcn": partial(build_tcn, settings=TCN),
    "bilstm_attention": partial(build_bilstm_attention, settings=BILSTM),
    "bilstm_ann": partial(build_bilstm_ann, settings=BILSTM_ANN),
    "cnn_1d": partial(build_cnn_1d, settings=CNN_1D),
    "transformer": partial(build_transformer, settings=TRANSFORMER),
    "statistics": build_statistics,
}


def build(name: str, length: int = 6, seed: int = 0) -> keras.Model:
    """Return a small head for windows of so many frames."""
    return SMALL[name](length, DIMENSION, CLASSES, seed)


def windows(rows: int = 4, length: int = 6, seed: int = 0) -> np.ndarray:
    """Return features of frames that all show a face, float32 `(rows, length, DIMENSION)`."""
    return np.random.default_rng(seed).normal(1.0, 1.0, (rows, length, DIMENSION)).astype(np.float32)


def with_gaps(x: np.ndarray, *places: int) -> np.ndarray:
    """Return windows with frames without a face, which stand at these places when all are put in."""
    gap = np.zeros_like(x[:, :1])
    for place in places:
        x = np.concatenate([x[:, :place], gap, x[:, place:]], axis=1)
    return x


def asked(model: keras.Model, x: np.ndarray, training: bool = False) -> np.ndarray:
    """Return a network's answers; in training nothing is left out."""
    for layer in model.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.0
    return np.array(model(x, training=training))


def output_of(model: keras.Model, layer: str, x: np.ndarray) -> np.ndarray:
    """Return what a layer gives."""
    return np.array(keras.Model(model.input, model.get_layer(layer).output)(x, training=False))


def counts(model: keras.Model) -> tuple[int, int]:
    """Return how many parameters are trained, and how many are not."""

    def count(weights: list) -> int:
        return sum(int(np.prod(weight.shape)) for weight in weights)

    return count(model.trainable_weights), count(model.non_trainable_weights)
