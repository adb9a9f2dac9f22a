"""The frame classifier of Prajod: dense layers on one frame's features."""

import keras

from transferpain.core.seeds import derive_seed


def build_ann(
    dimension: int, classes: int, seed: int, hidden: tuple[int, ...] = (1024, 128, 32), dropout: float = 0.3
) -> keras.Model:
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
    features = keras.Input((dimension,), name="features")
    x = features
    for number, units in enumerate(hidden, start=1):
        x = seeded_dense(units, seed, f"dense{number}", activation="relu")(x)
        name = f"dropout{number}"
        x = keras.layers.Dropout(dropout, seed=derive_seed(seed, name), name=name)(x)
    x = seeded_dense(classes, seed, "logits")(x)
    probabilities = keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(features, probabilities, name="ann")


def seeded_dense(units: int, seed: int, name: str, activation: str | None = None) -> keras.layers.Dense:
    """Return a dense layer whose Glorot uniform kernel is drawn from `seed` and `name`."""
    kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, name))
    return keras.layers.Dense(units, activation=activation, kernel_initializer=kernel, name=name)
