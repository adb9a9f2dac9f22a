"""One number between the lowest and the highest level, trained with the squared or Huber's error.

`(K - 1) sigmoid(z)` is the number y. Its probabilities are those of the two levels beside it, so that the expected
level is y itself: `max(0, 1 - |y - k|)` for level k. They say where y lies and nothing of how sure the network is.
"""

from collections.abc import Callable

import numpy as np

from transferpain.core.seeds import derive_seed

DELTA = 1.0  # of Huber's error, in levels: squared below, absolute above


class NumberOutput:
    """A number, and the error that it is trained with.

    Args:
        name: as `training.loss` names it.
        error: from differences in levels to one number for each.
    """

    ordered = True
    layers = frozenset({"Dense", "Activation"})

    def __init__(self, name: str, error: Callable):
        self.name, self.error = name, error

    def build(self, features, classes: int, seed: int):
        import keras

        from transferpain.networks.outputs.base import fixed_dense

        kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
        x = keras.layers.Dense(1, kernel_initializer=kernel, name="logits")(features)
        x = keras.layers.Activation("sigmoid", dtype="float32", name="levels_share")(x)
        levels, highest = np.arange(classes), classes - 1
        # y - k and k - y above 0: together |y - k|.
        above = np.concatenate([np.full(classes, highest), np.full(classes, -highest)])[None]
        x = fixed_dense(above, np.concatenate([-levels, levels]), "levels_distances", "relu")(x)
        x = fixed_dense(-np.tile(np.eye(classes), (2, 1)), 1, "levels_near", "relu")(x)
        return keras.layers.Activation("linear", dtype="float32", name="probabilities")(x)

    def loss(self):
        def of_levels(targets, probabilities):
            import keras

            levels = keras.ops.arange(probabilities.shape[-1], dtype="float32")
            return self.error(keras.ops.sum((targets - probabilities) * levels, axis=-1))

        of_levels.__name__ = self.name
        return of_levels


def squared(difference):
    """Return the square of each difference."""
    import keras

    return keras.ops.square(difference)


def huber(difference):
    """Return Huber's error of each difference (Huber 1964): half its square up to `DELTA`, then in a straight line."""
    import keras

    size = keras.ops.abs(difference)
    return keras.ops.where(size <= DELTA, 0.5 * size**2, DELTA * (size - 0.5 * DELTA))


MSE = NumberOutput("mse", squared)
HUBER = NumberOutput("huber", huber)
