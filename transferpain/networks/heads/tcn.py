"""Dilated causal convolutions over a window's frames (Bai, Kolter & Koltun 2018, arXiv 1803.01271)."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import (
    answer,
    equal_weights,
    normalized,
    weighted_mean,
    window_input,
    zeroed,
)

if TYPE_CHECKING:
    import keras

CONVOLUTIONS = 2  # of a block (Bai et al., Figure 1b)
Dilation = Annotated[int, Field(ge=1, le=512)]


class TcnSettings(HeadSettings):
    """Dilated causal convolutions over the window's frames, in residual blocks (Bai, Kolter & Koltun 2018).

    Attributes:
        width: channels of every convolution.
        kernel: frames that a convolution looks at.
        dilations: of each block, how many frames apart those are; one to ten blocks.
        dropout: share of channels that are left out behind each convolution in a step of training.
    """

    kind: Literal["tcn"]
    width: int = Field(32, ge=1, le=256)
    kernel: int = Field(3, ge=2, le=16)
    dilations: tuple[Dilation, ...] = Field((1, 2, 4, 8, 16), min_length=1, max_length=10)
    dropout: float = Field(0.2, ge=0, lt=1)

    @property
    def receptive_field(self) -> int:
        """How many frames an output of the last block depends on: its own, and those before it."""
        return 1 + CONVOLUTIONS * (self.kernel - 1) * sum(self.dilations)


class Tcn:
    """The head `tcn`, see `build_tcn`."""

    name = "tcn"
    Settings = TcnSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset(
        {
            "InputLayer",
            "BatchNormalization",
            "Reshape",
            "Multiply",
            "Conv1D",
            "SpatialDropout1D",
            "Add",
            "Activation",
            "Rescaling",
            "Softmax",
            "Dot",
            "Dense",
        }
    )
    estimators = frozenset()
    rows_per_second = 3_000.0

    def fit(self, settings: TcnSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_tcn(training.frames, training.dimension, training.classes, seed, settings)

        return fit_network(build, settings, training, train, selection)


TCN = Tcn()


def build_tcn(length: int, dimension: int, classes: int, seed: int, settings: TcnSettings) -> "keras.Model":
    """Build a temporal convolutional network: residual blocks of two dilated causal convolutions each.

    By default convolutions of 32 channels and a kernel of 3, blocks with dilations 1, 2, 4, 8 and 16: an output of the
    last block depends on its own frame and the 124 before it. Behind each convolution stand ReLU and dropout of whole
    channels; a block adds what it reads (by a convolution of one frame, where the widths differ) and ends in a ReLU.

    Our choices: features are normalised before; the convolutions have no weight normalisation; what stands where no
    face is shown is 0 for every convolution, as before the first frame; and not the last output is read but the mean
    over the frames that show a face, so that nothing hangs on how far a short clip is filled up.

    A convolution from d channels to w has `w (kernel d + 1)` parameters.

    Args:
        length: frames of a window, T.
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        settings: width, kernel, dilations, dropout.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`. Its layers
        `block1`, `block2`, ... give the outputs of the blocks, `(batch, length, width)`.
    """
    import keras

    features, shown = window_input(length, dimension)
    x = zeroed(normalized(features, shown, "norm"), shown, "faces")
    for number, dilation in enumerate(settings.dilations, start=1):
        x = _block(x, shown, dilation, seed, settings, f"block{number}")
    x = weighted_mean(x, equal_weights(shown), "mean")
    return keras.Model(features, answer(x, classes, seed), name="tcn")


def _block(x, shown, dilation: int, seed: int, settings: TcnSettings, block: str):
    """Return what a block makes of `(batch, frames, channels)`, with zeros where no face is shown."""
    import keras

    read = x
    for number in range(1, CONVOLUTIONS + 1):
        name = f"{block}_conv{number}"
        x = _convolution(settings.width, settings.kernel, dilation, seed, name, activation="relu")(x)
        x = zeroed(x, shown, f"{name}_faces")
        dropout = f"{name}_dropout"
        x = keras.layers.SpatialDropout1D(settings.dropout, seed=derive_seed(seed, dropout), name=dropout)(x)
    if read.shape[-1] != settings.width:
        read = _convolution(settings.width, 1, 1, seed, f"{block}_shortcut")(read)
    x = keras.layers.Add(name=f"{block}_sum")([x, read])
    return zeroed(keras.layers.Activation("relu", name=f"{block}_relu")(x), shown, block)


def _convolution(width: int, kernel: int, dilation: int, seed: int, name: str, activation: str | None = None):
    import keras

    return keras.layers.Conv1D(
        width,
        kernel,
        padding="causal",
        dilation_rate=dilation,
        activation=activation,
        kernel_initializer=keras.initializers.HeNormal(seed=derive_seed(seed, name)),
        name=name,
    )
