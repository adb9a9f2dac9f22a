"""A small convolutional network over the rows of a window in time: for signals, and for features of frames as well."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import answer, normalized, window_input, zeroed

if TYPE_CHECKING:
    import keras

POOLED = 2  # rows that become one behind each convolution
Channels = Annotated[int, Field(ge=1, le=256)]


class Cnn1dSettings(HeadSettings):
    """Convolutions over the rows of a window, each with half as many rows behind it, then the highest of each channel.

    Attributes:
        channels: of each convolution; one to eight of them.
        kernel: rows that a convolution looks at.
        dropout: share of numbers that are left out before the output in a step of training.
    """

    kind: Literal["cnn_1d"]
    channels: tuple[Channels, ...] = Field((16, 32, 64), min_length=1, max_length=8)
    kernel: int = Field(7, ge=2, le=64)
    dropout: float = Field(0.3, ge=0, lt=1)


class Cnn1d:
    """The head `cnn_1d`, see `build_cnn_1d`."""

    name = "cnn_1d"
    Settings = Cnn1dSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset(
        {
            "InputLayer",
            "BatchNormalization",
            "Rescaling",
            "Reshape",
            "Multiply",
            "Conv1D",
            "MaxPooling1D",
            "GlobalMaxPooling1D",
            "Dropout",
            "Dense",
            "Activation",
        }
    )
    estimators = frozenset()
    rows_per_second = 3_000.0

    def fit(self, settings: Cnn1dSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_cnn_1d(training.frames, training.dimension, training.classes, seed, settings)

        return fit_network(build, settings, training, train, selection)


CNN_1D = Cnn1d()


def build_cnn_1d(length: int, dimension: int, classes: int, seed: int, settings: Cnn1dSettings) -> "keras.Model":
    """Build a 1-D convolutional network: the plain kind that the field uses on signals; its sizes are our choice.

    Features are normalised; a convolution, ReLU and the higher of each two rows, for each of `channels`; the highest of
    each channel over time, as in Kim 2014 (arXiv 1408.5882), so that nothing hangs on how far a short window is filled
    up. What stands where nothing was recorded is 0 for every convolution, as before the first row.

    A convolution from d channels to w has `w (kernel d + 1)` parameters, the output `K (w + 1)`, the normalisation
    `4 D`.

    Args:
        length: rows of a window, T.
        dimension: number of features of a row, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        settings: channels, kernel, dropout.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    features, shown = window_input(length, dimension)
    x = zeroed(normalized(features, shown, "norm"), shown, "recorded")
    there = keras.layers.Reshape((length, 1), name="there")(keras.layers.Rescaling(1.0, name="as_numbers")(shown))
    for number, width in enumerate(settings.channels, start=1):
        name = f"conv{number}"
        x = keras.layers.Conv1D(
            width,
            settings.kernel,
            padding="same",
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed=derive_seed(seed, name)),
            name=name,
        )(x)
        x = keras.layers.Multiply(name=f"{name}_recorded")([x, there])
        x = keras.layers.MaxPooling1D(POOLED, padding="same", name=f"pool{number}")(x)
        there = keras.layers.MaxPooling1D(POOLED, padding="same", name=f"there{number}")(there)
    x = keras.layers.GlobalMaxPooling1D(name="highest")(x)
    x = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, "dropout"), name="dropout")(x)
    return keras.Model(features, answer(x, classes, seed), name="cnn_1d")
