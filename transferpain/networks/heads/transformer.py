"""A small transformer encoder on a window's frames (Vaswani et al. 2017, arXiv 1706.03762)."""

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import answer, equal_weights, normalized, weighted_mean, window_input, zeroed

if TYPE_CHECKING:
    import keras

WIDER = 4  # of the dense layers of a block, as many times the width (Vaswani et al.: 2048 of 512)
LONGEST_WAVE = 10_000.0


class TransformerSettings(HeadSettings):
    """A transformer encoder on the window's frames, normalised before each part (Vaswani et al. 2017).

    Attributes:
        width: numbers that stand for a frame; even, and a multiple of `heads`.
        heads: of the attention.
        blocks: attention and dense layers, one after the other.
        dropout: share of numbers that are left out of what each part adds, in a step of training.
    """

    kind: Literal["transformer"]
    width: int = Field(32, ge=2, le=256)
    heads: int = Field(4, ge=1, le=8)
    blocks: int = Field(2, ge=1, le=4)
    dropout: float = Field(0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.width % 2 or self.width % self.heads:
            raise ValueError(
                f"width: an even multiple of `heads`, so that each head has as many numbers; received width "
                f"{self.width}, heads {self.heads}"
            )
        return self


class Transformer:
    """The head `transformer`, see `build_transformer`."""

    name = "transformer"
    Settings = TransformerSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset(
        {
            "InputLayer",
            "BatchNormalization",
            "Reshape",
            "Multiply",
            "Dense",
            "EinsumDense",
            "LayerNormalization",
            "MultiHeadAttention",
            "Dropout",
            "Add",
            "Rescaling",
            "Softmax",
            "Dot",
            "Activation",
        }
    )
    estimators = frozenset()
    rows_per_second = 3_000.0

    def fit(self, settings: TransformerSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_transformer(training.frames, training.dimension, training.classes, seed, settings)

        return fit_network(build, settings, training, train, selection)


TRANSFORMER = Transformer()


def build_transformer(
    length: int, dimension: int, classes: int, seed: int, settings: TransformerSettings
) -> "keras.Model":
    """Build an encoder: a dense layer to `width`, sinusoidal positions, blocks of attention and two dense layers.

    Each part of a block reads what is normalised and adds to what is not (pre-norm, Xiong et al. 2020, arXiv
    2002.04745, where Vaswani et al. normalise behind the sum). A frame's numbers are multiplied by the root of the
    width before positions are added, which are fixed (their sections 3.4 and 3.5). Nobody attends to frames without a
    face, and the softmax reads the mean over the others: both our choice, as are ReLU dense layers four times as wide.

    With width w, a block has `4 w (w + 1)` parameters of attention, `8 w w + 5 w` of the dense layers and `4 w` of
    normalisation; before them stand `4 D + w (D + 1)` and the fixed `w (T + 1)`, behind them `2 w` and `K (w + 1)`.

    Args:
        length: frames of a window, T.
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        settings: width, heads, blocks, dropout.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    from transferpain.networks.heads.keras_head import seeded_dense

    features, shown = window_input(length, dimension)
    x = zeroed(normalized(features, shown, "norm"), shown, "faces")
    x = seeded_dense(settings.width, seed, "frames")(x)
    x = _placed(x, length, settings.width)
    for number in range(1, settings.blocks + 1):
        x = _block(x, shown, seed, settings, f"block{number}")
    x = keras.layers.LayerNormalization(name="top_norm")(x)
    x = weighted_mean(x, equal_weights(shown), "mean")
    return keras.Model(features, answer(x, classes, seed), name="transformer")


def sinusoids(length: int, width: int) -> np.ndarray:
    """Return the positions of frames, float32 `(length, width)`: sines and cosines of ever longer waves in turn."""
    angles = np.arange(length)[:, None] / LONGEST_WAVE ** (np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, width).astype(np.float32)


def _placed(x, length: int, width: int):
    """Return frames times the root of the width, plus their positions; nothing of it is trained."""
    import keras

    positions = keras.layers.EinsumDense(
        "btd,d->btd", (length, width), bias_axes="td", trainable=False, name="positions"
    )
    placed = positions(x)
    positions.set_weights([np.full(width, np.sqrt(width), np.float32), sinusoids(length, width)])
    return placed


def _block(x, shown, seed: int, settings: TransformerSettings, block: str):
    import keras

    from transferpain.networks.heads.keras_head import seed_attention, seeded_dense

    width = settings.width
    read = keras.layers.LayerNormalization(name=f"{block}_norm1")(x)
    attention = keras.layers.MultiHeadAttention(settings.heads, width // settings.heads, name=f"{block}_attention")
    attended = attention(read, read, value_mask=shown)
    seed_attention(attention, seed)
    x = _added(x, attended, seed, settings, f"{block}_add1")
    read = keras.layers.LayerNormalization(name=f"{block}_norm2")(x)
    read = seeded_dense(WIDER * width, seed, f"{block}_dense1", "relu")(read)
    return _added(x, seeded_dense(width, seed, f"{block}_dense2")(read), seed, settings, f"{block}_add2")


def _added(x, part, seed: int, settings: TransformerSettings, name: str):
    import keras

    dropout = f"{name}_dropout"
    part = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, dropout), name=dropout)(part)
    return keras.layers.Add(name=name)([x, part])
