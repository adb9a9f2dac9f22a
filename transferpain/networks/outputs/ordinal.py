"""Two outputs of ordered levels, which learn from "above level k or not": conditional (CORN), and with one slope.

Both are trained with the logarithm of the probability that they give to the true level, into which the likelihoods of
their yes-or-no answers multiply.
"""

import numpy as np

from transferpain.core.seeds import derive_seed


class LikelihoodOutput:
    """What both share: the loss."""

    ordered = True

    def loss(self):
        import keras

        return keras.losses.CategoricalCrossentropy()


class Corn(LikelihoodOutput):
    """The output `corn`: "is it above level k, given that it is at least k?" (Shi, Cao & Raschka 2023, CORN).

    The paper divides its loss by the number of questions that a batch asks, we by its rows.
    """

    name = "corn"
    layers = frozenset({"Dense", "Activation"})

    def build(self, features, classes: int, seed: int):
        import keras

        from transferpain.networks.outputs.base import fixed_dense

        kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
        x = keras.layers.Dense(classes - 1, kernel_initializer=kernel, name="logits")(features)
        x = keras.layers.Activation("log_sigmoid", dtype="float32", name="levels_log_conditional")(x)
        # Sums of logarithms are products: being above k takes all the answers up to k.
        x = fixed_dense(np.triu(np.ones((classes - 1, classes - 1))), 0, "levels_log_above", "exponential")(x)
        x = fixed_dense(*differences(classes), "levels_between", "relu")(x)
        return keras.layers.Activation("linear", dtype="float32", name="probabilities")(x)


class CumulativeLink(LikelihoodOutput):
    """The output `cumulative_link`: one score, cut at ordered thresholds (McCullagh 1980, proportional odds)."""

    name = "cumulative_link"
    layers = frozenset({"Dense", "Activation", "Rescaling", "Subtract"})

    def build(self, features, classes: int, seed: int):
        import keras

        from transferpain.networks.outputs.base import fixed_dense

        kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
        score = keras.layers.Dense(1, kernel_initializer=kernel, name="logits", dtype="float32")(features)
        # Only the bias of this layer acts: the distances between thresholds depend on no input, and are above 0.
        nothing = keras.layers.Rescaling(0.0, dtype="float32", name="levels_nothing")(score)
        distances = keras.layers.Dense(
            classes - 1, "softplus", kernel_initializer="zeros", dtype="float32", name="logits_distances"
        )(nothing)
        thresholds = fixed_dense(np.triu(np.ones((classes - 1, classes - 1))), 0, "levels_thresholds")(distances)
        x = keras.layers.Subtract(dtype="float32", name="levels_beyond")([score, thresholds])
        x = keras.layers.Activation("sigmoid", dtype="float32", name="levels_above")(x)
        x = fixed_dense(*differences(classes), "levels_between", "relu")(x)
        return keras.layers.Activation("linear", dtype="float32", name="probabilities")(x)


def differences(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of the layer from "above level k" `(batch, K - 1)` to probabilities `(batch, K)`."""
    kernel = np.zeros((classes - 1, classes))
    kernel[range(classes - 1), range(classes - 1)] = -1
    kernel[range(classes - 1), range(1, classes)] = 1
    return kernel, np.eye(classes)[0]


CORN = Corn()
CUMULATIVE_LINK = CumulativeLink()
