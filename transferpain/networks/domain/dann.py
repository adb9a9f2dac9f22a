"""DANN: the features are made such that a classifier cannot tell which domain a picture is from.

Ganin et al., "Domain-adversarial training of neural networks", JMLR 2016 (17, 59). A classifier of domains learns
beside the network (equation 9: the mean loss of either domain, added); its gradient is reversed on the way into the
network, and grows from 0 to 1 with the progress p: lambda(p) = 2 / (1 + exp(-10 p)) - 1. The classifier has one hidden
layer of 100, as the paper's for small pictures. Its own learning is not held back by lambda.
"""

from transferpain.core.seeds import derive_seed
from transferpain.networks.domain.base import Comparison

HIDDEN = 100
STEEPNESS = 10.0  # gamma of the paper


class DomainAdversary:
    """What a classifier of domains cannot learn, because the network hides it."""

    name = "dann"
    title = "DANN"
    paper = "DANN: Ganin et al., JMLR 2016"
    vanishes = False

    def build(self, width: int, seed: int) -> Comparison:
        import keras

        def drawn(name: str) -> keras.initializers.Initializer:
            return keras.initializers.GlorotUniform(seed=derive_seed(seed, name))

        features = keras.Input((width,))
        x = keras.layers.Dense(HIDDEN, "relu", kernel_initializer=drawn("domain_hidden"), dtype="float32")(features)
        x = keras.layers.Dense(1, kernel_initializer=drawn("domain_logit"), dtype="float32")(x)
        classifier = keras.Model(features, x, name="domain_classifier")

        def compare(source, target, progress):
            strength = reversal(progress)
            # The classes: 0 for the source, 1 for the target.
            of_source, of_target = (classifier(reverse_gradient(part, strength)) for part in (source, target))
            return keras.ops.mean(keras.ops.softplus(of_source)) + keras.ops.mean(keras.ops.softplus(-of_target))

        return Comparison(compare, classifier)


DANN = DomainAdversary()


def reversal(progress):
    """Return lambda, how strongly the gradient is reversed after a share of the training, 0 to 1."""
    from keras import ops

    return 2 / (1 + ops.exp(-STEEPNESS * progress)) - 1


def reverse_gradient(features, strength):
    """Return features as they are; their gradient comes back reversed, times `strength`."""
    from keras import ops

    # Of what is added the value is 0 and the gradient -strength. A gradient of one's own would keep its graph, and the
    # network in it, in memory for good.
    turned = -strength * features
    return ops.stop_gradient(features) + (turned - ops.stop_gradient(turned))
