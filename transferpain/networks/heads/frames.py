"""What the Keras heads on windows share: which frames show a face, and what is made of these alone.

A row of zeros is a frame without a face, or stands behind the end of a short clip.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

# Of the moving averages of the normalisation. Keras' .99 keeps a tenth of its start after 230 steps, more than some
# folds have: until then small features are nothing beside it, and the head answers the same for every clip.
AVERAGES = 0.9


def window_input(length: int, dimension: int) -> tuple["keras.KerasTensor", "keras.KerasTensor"]:
    """Return the input, float32 `(batch, length, dimension)`, and which frames show a face, bool `(batch, length)`."""
    import keras

    features = keras.Input((length, dimension), name="features")
    return features, keras.ops.any(keras.ops.not_equal(features, 0.0), axis=-1)


def normalized(
    x: "keras.KerasTensor", shown: "keras.KerasTensor", name: str, learned: bool = True
) -> "keras.KerasTensor":
    """Return features `(batch, frames, D)` with mean 0 and deviation 1 over the frames that show a face.

    Args:
        learned: whether another mean and deviation are learned behind it.
    """
    import keras

    return keras.layers.BatchNormalization(momentum=AVERAGES, center=learned, scale=learned, name=name)(x, mask=shown)


def zeroed(x: "keras.KerasTensor", shown: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Return `(batch, frames, D)` with zeros where no face is shown."""
    import keras

    columns = keras.layers.Reshape((x.shape[1], 1), name=f"{name}_shown")(shown)
    return keras.layers.Multiply(name=name)([x, columns])


def equal_weights(shown: "keras.KerasTensor") -> "keras.KerasTensor":
    """Return weights of frames, float32 `(batch, frames)`: those that show a face share 1, others have 0.

    So a mean over a window without any face is 0, and not 0 divided by 0.
    """
    import keras

    zeros = keras.layers.Rescaling(0.0, name="zeros")(shown)
    return keras.layers.Softmax(name="weights")(zeros, mask=shown)


def weighted_mean(x: "keras.KerasTensor", weights: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Return the mean of frames `(batch, frames, D)`, `(batch, D)`, by weights `(batch, frames)` that sum to 1."""
    import keras

    return keras.layers.Dot(axes=1, name=name)([x, weights])


def answer(x: "keras.KerasTensor", classes: int, seed: int) -> "keras.KerasTensor":
    """Return probabilities, float32 `(batch, classes)`, of `(batch, D)`."""
    import keras

    from transferpain.networks.heads.keras_head import seeded_dense

    x = seeded_dense(classes, seed, "logits")(x)
    return keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
