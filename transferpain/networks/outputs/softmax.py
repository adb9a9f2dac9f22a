"""One logit for each class, and the softmax over them: classes without an order."""

from transferpain.core.seeds import derive_seed


class Softmax:
    """The output `cross_entropy`: softmax, trained with the cross-entropy of the target distribution."""

    name = "cross_entropy"
    ordered = False
    layers = frozenset({"Dense", "Activation"})

    def build(self, features, classes: int, seed: int):
        import keras

        kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
        x = keras.layers.Dense(classes, kernel_initializer=kernel, name="logits")(features)
        return keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)

    def loss(self):
        import keras

        return keras.losses.CategoricalCrossentropy()


SOFTMAX = Softmax()
