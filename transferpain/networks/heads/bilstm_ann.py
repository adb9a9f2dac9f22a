"""A bidirectional LSTM, and dense layers on its last states: the Bi-LSTM + ANN of the Review's hybrids."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import answer, normalized, window_input

if TYPE_CHECKING:
    import keras

Units = Annotated[int, Field(ge=1, le=1024)]


class BilstmAnnSettings(HeadSettings):
    """A bidirectional LSTM on the rows of a window, and dense layers on its last states.

    Attributes:
        units: of the LSTM, in each direction.
        hidden: units of each dense layer below the output.
        dropout: share of units that are left out behind each dense layer in a step of training.
    """

    kind: Literal["bilstm_ann"]
    units: int = Field(32, ge=1, le=256)
    hidden: tuple[Units, ...] = Field((32,), max_length=8)
    dropout: float = Field(0.3, ge=0, lt=1)


class BilstmAnn:
    """The head `bilstm_ann`, see `build_bilstm_ann`."""

    name = "bilstm_ann"
    Settings = BilstmAnnSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset({"InputLayer", "BatchNormalization", "Bidirectional", "Dense", "Dropout", "Activation"})
    estimators = frozenset()
    rows_per_second = 1_600.0

    def fit(self, settings: BilstmAnnSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_bilstm_ann(training.frames, training.dimension, training.classes, seed, settings)

        return fit_network(build, settings, training, train, selection)


BILSTM_ANN = BilstmAnn()


def build_bilstm_ann(
    length: int, dimension: int, classes: int, seed: int, settings: BilstmAnnSettings
) -> "keras.Model":
    """Build a Bi-LSTM with dense layers behind it. Srivastava & Bhaduriya name it, and no size; all sizes are ours.

    Features are normalised; the last states of both directions stand side by side; then dense layers with ReLU and
    dropout. Rows that are missing are passed over, by the LSTM and by the statistics of the normalisation.

    The LSTM has `2 * 4 u (D + u + 1)` parameters, the first dense layer `h (2 u + 1)`, the normalisation `4 D`.

    Args:
        length: rows of a window, T.
        dimension: number of features of a row, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        settings: units, u, hidden, h, and dropout.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    from transferpain.networks.heads.keras_head import seeded_dense

    features, shown = window_input(length, dimension)
    forward, backward = (_direction(settings.units, backwards, seed) for backwards in (False, True))
    # Left to itself, the wrapper would start both directions with the same weights.
    both = keras.layers.Bidirectional(forward, backward_layer=backward, name="bilstm")
    x = both(normalized(features, shown, "norm"), mask=shown)
    for number, units in enumerate(settings.hidden, start=1):
        x = seeded_dense(units, seed, f"dense{number}", activation="relu")(x)
        name = f"dropout{number}"
        x = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, name), name=name)(x)
    return keras.Model(features, answer(x, classes, seed), name="bilstm_ann")


def _direction(units: int, backwards: bool, seed: int) -> "keras.layers.LSTM":
    import keras

    name = "backward" if backwards else "forward"
    return keras.layers.LSTM(
        units,
        go_backwards=backwards,
        kernel_initializer=keras.initializers.GlorotUniform(seed=derive_seed(seed, name, "kernel")),
        recurrent_initializer=keras.initializers.Orthogonal(seed=derive_seed(seed, name, "recurrent")),
        use_cudnn=False,  # it accepts masks at the end of a sequence only, and a row may be missing anywhere
        name=name,
    )
