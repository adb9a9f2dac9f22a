"""Gated recurrent units on a window's frames (Cho et al. 2014, arXiv 1406.1078)."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import answer, normalized, window_input

if TYPE_CHECKING:
    import keras

Units = Annotated[int, Field(ge=1, le=256)]


class GruSettings(HeadSettings):
    """Layers of gated recurrent units on the window's frames (Cho et al. 2014).

    Attributes:
        units: of each layer, one to four of them.
        dropout: share of units that are left out behind each layer in a step of training.
    """

    kind: Literal["gru"]
    units: tuple[Units, ...] = Field((32, 16), min_length=1, max_length=4)
    dropout: float = Field(0.3, ge=0, lt=1)


class Gru:
    """The head `gru`, see `build_gru`."""

    name = "gru"
    Settings = GruSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset({"InputLayer", "BatchNormalization", "GRU", "Dropout", "Dense", "Activation"})
    estimators = frozenset()
    rows_per_second = 3_500.0

    def fit(self, settings: GruSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_gru(training.frames, training.dimension, training.classes, seed, settings)

        return fit_network(build, settings, training, train, selection)


GRU = Gru()


def build_gru(length: int, dimension: int, classes: int, seed: int, settings: GruSettings) -> "keras.Model":
    """Build batch normalisation, then layers of gated recurrent units with dropout, then a softmax on the last state.

    A layer of u units on d numbers has `3 u (d + u + 2)` parameters: the reset gate stands behind the recurrent
    product, which has a bias of its own, as in Keras. Frames without a face are passed over.

    Args:
        length: frames of a window, T.
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        settings: units and dropout.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    features, shown = window_input(length, dimension)
    x = normalized(features, shown, "norm")
    for number, units in enumerate(settings.units, start=1):
        name = f"gru{number}"
        last = number == len(settings.units)
        x = keras.layers.GRU(
            units,
            return_sequences=not last,
            kernel_initializer=keras.initializers.GlorotUniform(seed=derive_seed(seed, name, "kernel")),
            recurrent_initializer=keras.initializers.Orthogonal(seed=derive_seed(seed, name, "recurrent")),
            use_cudnn=False,  # it accepts masks at the end of a sequence only, and a face may be missing anywhere
            name=name,
        )(x, mask=shown)
        dropout = f"dropout{number}"
        x = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, dropout), name=dropout)(x)
    return keras.Model(features, answer(x, classes, seed), name="gru")
