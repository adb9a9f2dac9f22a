"""The sequence classifier of Prajod: two LSTM layers on a clip's frames."""

from typing import TYPE_CHECKING, Literal

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import AVERAGES

if TYPE_CHECKING:
    import keras

DROPOUT = 0.3


class LstmSettings(HeadSettings):
    """Two LSTM layers on the window's frames (Prajod)."""

    kind: Literal["lstm"]


class Lstm:
    """The head `lstm`, see `build_lstm`."""

    name = "lstm"
    Settings = LstmSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset({"InputLayer", "Masking", "BatchNormalization", "LSTM", "Dropout", "Dense", "Activation"})
    estimators = frozenset()
    rows_per_second = 3_000.0

    def fit(self, settings: LstmSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_lstm(training.frames, training.dimension, training.classes, seed, masked=True)

        return fit_network(build, settings, training, train, selection)


LSTM = Lstm()


def build_lstm(length: int, dimension: int, classes: int, seed: int, masked: bool = False) -> "keras.Model":
    """Build the LSTM network (Prajod): BatchNorm, LSTM 32, LSTM 16, dense 16, softmax, dropout .3.

    The momentum .9 of the normalisation is our choice: the paper names none.
    143,043 parameters for 1,024 features and three classes, of which 140,899 are trained, for any length and
    with or without the mask.

    Args:
        length: frames of a clip, T (300 in the paper: 10 s at 30 fps).
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        masked: whether frames whose features are all exactly 0 (padding, and frames without a face) are left
            out, both by the LSTM layers and in the statistics of the normalisation. Without it a row of zeros
            is a frame like any other. Both are our choice: the paper is silent on short clips.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    from transferpain.networks.heads.keras_head import seeded_dense

    features = keras.Input((length, dimension), name="features")
    x = keras.layers.Masking(0.0, name="mask")(features) if masked else features
    x = keras.layers.BatchNormalization(momentum=AVERAGES, name="norm1")(x)
    x = _lstm(32, seed, "lstm1", masked, return_sequences=True)(x)
    x = keras.layers.BatchNormalization(momentum=AVERAGES, name="norm2")(x)
    x = keras.layers.Dropout(DROPOUT, seed=derive_seed(seed, "dropout", 1), name="dropout1")(x)
    x = _lstm(16, seed, "lstm2", masked, return_sequences=False)(x)
    x = keras.layers.BatchNormalization(momentum=AVERAGES, name="norm3")(x)
    x = keras.layers.Dropout(DROPOUT, seed=derive_seed(seed, "dropout", 2), name="dropout2")(x)
    x = seeded_dense(16, seed, "dense", activation="relu")(x)
    x = seeded_dense(classes, seed, "logits")(x)
    probabilities = keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(features, probabilities, name="lstm")


def _lstm(units: int, seed: int, name: str, masked: bool, return_sequences: bool) -> "keras.layers.LSTM":
    import keras

    return keras.layers.LSTM(
        units,
        return_sequences=return_sequences,
        kernel_initializer=keras.initializers.GlorotUniform(seed=derive_seed(seed, name, "kernel")),
        recurrent_initializer=keras.initializers.Orthogonal(seed=derive_seed(seed, name, "recurrent")),
        # cuDNN accepts masks at the end of a sequence only, and a face may be missing anywhere.
        use_cudnn=False if masked else "auto",
        name=name,
    )
