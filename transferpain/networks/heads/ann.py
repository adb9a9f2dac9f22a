"""The frame classifier of Prajod: dense layers on one frame's features."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows

if TYPE_CHECKING:
    import keras


class AnnSettings(HeadSettings):
    """Dense layers on single frames, then the clip's majority vote (Prajod).

    Attributes:
        hidden: units of each dense layer below the output.
        dropout: share of units that are left out in each step of training.
    """

    kind: Literal["ann"]
    hidden: tuple[int, ...] = (1024, 128, 32)
    dropout: float = Field(0.3, ge=0, lt=1)


class Ann:
    """The head `ann`, see `build_ann`."""

    name = "ann"
    Settings = AnnSettings
    reads: Reads = "frame"
    steps = ()
    layers = frozenset({"InputLayer", "Dense", "Dropout", "Activation"})
    estimators = frozenset()
    rows_per_second = 20_000.0

    def fit(self, settings: AnnSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_ann(training.dimension, training.classes, seed, settings.hidden, settings.dropout)

        return fit_network(build, settings, training, train, selection)


ANN = Ann()


def build_ann(
    dimension: int, classes: int, seed: int, hidden: tuple[int, ...] = (1024, 128, 32), dropout: float = 0.3
) -> "keras.Model":
    """Build the ANN `1024-128-32-K` (Prajod, "4 dense layers (1024, 128, 32, 3)", dropout .3 between them).

    That the first 1,024 is a dense layer on the 1,024 features, and that the output is a softmax and not a
    ReLU, is our choice, not the paper's: 1,185,027 parameters for three classes. The other reading, in which
    1,024 is the input, is `hidden=(128, 32)`: 135,427.

    Args:
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        hidden: units of the hidden dense layers, ReLU each.
        dropout: rate after each hidden layer.

    Returns:
        A model from float32 `(batch, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    from transferpain.networks.heads.keras_head import seeded_dense

    features = keras.Input((dimension,), name="features")
    x = features
    for number, units in enumerate(hidden, start=1):
        x = seeded_dense(units, seed, f"dense{number}", activation="relu")(x)
        name = f"dropout{number}"
        x = keras.layers.Dropout(dropout, seed=derive_seed(seed, name), name=name)(x)
    x = seeded_dense(classes, seed, "logits")(x)
    probabilities = keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(features, probabilities, name="ann")
