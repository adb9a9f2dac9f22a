"""What several backbones are made of: seeded layers after papers, and the networks of keras.applications as backbones.

Batch normalisation averages over few steps, whatever a paper has: a fold has a few hundred.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras

from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.base import CLASSIFIER
from transferpain.networks.backbones.surgery import classifier, copy_weights, without_weights

AVERAGES = 0.9
HE = 2.0  # the gain of He et al. (ICCV 2015), for layers that read what a ReLU gives
# What serves training alone, and is put in when it begins.
DROPPING = (keras.layers.Dropout, keras.layers.SpatialDropout2D)


def drawn(seed: int, name: str) -> keras.initializers.Initializer:
    """Return the He-normal initialiser of the layer of this name."""
    return keras.initializers.HeNormal(seed=derive_seed(seed, name))


def drawn_with_gain(seed: int, name: str, gain: float) -> keras.initializers.Initializer:
    """Return an initialiser as `drawn`, of another variance."""
    return keras.initializers.VarianceScaling(gain, "fan_in", "truncated_normal", seed=derive_seed(seed, name))


def drawn_depthwise(seed: int, name: str, gain: float = HE) -> keras.initializers.Initializer:
    """Return the initialiser of a depthwise convolution: each channel is a sum over its own window alone.

    He-normal would count all channels, and make what a network of them answers vanish before it is trained.
    """
    return keras.initializers.VarianceScaling(gain, "fan_out", "truncated_normal", seed=derive_seed(seed, name))


def quieten(model: keras.Model, end: str) -> keras.Model:
    """Let the residual branches of a network begin small: the scale of each is 1 by the root of their number.

    So De and Smith (NeurIPS 2020) explain how deep networks can be trained. Without it each block doubles the variance
    of an untrained network's answer, and features of a hundred layers leave the range of float16.

    Args:
        model: it is changed, and returned.
        end: of the names of the normalisations with which the branches end.
    """
    branches = [layer for layer in model.layers if layer.name.endswith(end)]
    for layer in branches:
        layer.gamma.assign(keras.ops.full(layer.gamma.shape, len(branches) ** -0.5))
    return model


@dataclass(frozen=True)
class Layers:
    """Makes layers whose initial weights depend on the seed and on their names alone.

    Attributes:
        seed: of the network.
        epsilon: of batch normalisation.
    """

    seed: int
    epsilon: float = 1e-5

    def convolve(self, x, filters: int, kernel, name: str, **settings):
        """Put a convolution on maps; `settings` as of `Conv2D`, and the padding is `same` unless it says otherwise."""
        settings = {"padding": "same"} | settings
        return keras.layers.Conv2D(filters, kernel, kernel_initializer=drawn(self.seed, name), name=name, **settings)(x)

    def depthwise(self, x, kernel: int, name: str, strides: int = 1):
        """Put a depthwise convolution without biases on maps."""
        initializer = drawn_depthwise(self.seed, name)
        return keras.layers.DepthwiseConv2D(
            kernel, strides, "same", use_bias=False, depthwise_initializer=initializer, name=name
        )(x)

    def normalize(self, x, name: str, activation: str | None = None):
        """Put batch normalisation on maps, and an activation `name_relu` or the like where one is named."""
        x = keras.layers.BatchNormalization(momentum=AVERAGES, epsilon=self.epsilon, name=f"{name}_bn")(x)
        return keras.layers.Activation(activation, name=f"{name}_{activation}")(x) if activation else x

    def unit(self, x, filters: int, kernel, name: str, activation: str | None = "relu", **settings):
        """Put a convolution without biases, batch normalisation and an activation on maps."""
        return self.normalize(self.convolve(x, filters, kernel, name, use_bias=False, **settings), name, activation)


@dataclass(frozen=True)
class Published:
    """A network of keras.applications as a backbone.

    Attributes:
        name: of the backbone.
        make: builds Keras' network without top, from `input_shape` and `weights` (a path or `None`).
        names: from Keras' network to our name of each of its layers whose name is not kept; `None`: all are.
        begins: Keras' name of the first layer that is taken; empty: its first one.
        gains: end of a convolution's name -> by what its initial variance is multiplied, in place of He's 2.
        residual: end of the names of the normalisations at the end of residual branches, see `quieten`.
    """

    name: str
    make: Callable[..., keras.Model]
    names: Callable[[keras.Model], Mapping[str, str]] | None = None
    begins: str = ""
    gains: Mapping[str, float] = field(default_factory=dict)
    residual: str = ""

    def build(self, size: int, classes: int, seed: int, embedding: int) -> keras.Model:
        """Build the network with seeded weights and our classifier, without what only training needs."""

        def wired() -> keras.Model:
            published = self.make(include_top=False, weights=None, input_shape=(size, size, 3))
            names.update(self.names(published) if self.names else {})
            first = published.get_layer(self.begins).input if self.begins else published.input
            return keras.Model(first, classifier(published.output, classes, embedding, seed), name=self.name)

        names: dict[str, str] = {}
        model = without_weights(wired)

        def seeded(layer: keras.Layer) -> keras.Layer:
            config = layer.get_config()
            config["name"] = name = names.get(layer.name, layer.name)
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                initializer = drawn_depthwise(seed, name, self._gain(name))
                config["depthwise_initializer"] = keras.initializers.serialize(initializer)
            elif isinstance(layer, keras.layers.Conv2D):
                gain = self._gain(name)
                initializer = drawn(seed, name) if gain == HE else drawn_with_gain(seed, name, gain)
                config["kernel_initializer"] = keras.initializers.serialize(initializer)
            elif isinstance(layer, keras.layers.BatchNormalization):
                config["momentum"] = AVERAGES
            return layer.__class__.from_config(config)

        def without_dropping(layer: keras.Layer, *given, **settings):
            return given[0] if isinstance(layer, DROPPING) else layer(*given, **settings)

        images = keras.Input((size, size, 3), name="images")
        built = keras.models.clone_model(
            model, input_tensors=images, clone_function=seeded, call_function=without_dropping
        )
        return quieten(built, self.residual) if self.residual else built

    def _gain(self, name: str) -> float:
        return next((gain for end, gain in self.gains.items() if name.endswith(end)), HE)

    def fill(self, model: keras.Model, path) -> keras.Model:
        """Copy ImageNet's weights from Keras' file into the backbone; the layers above stay random."""
        return self.take(model, self.make(include_top=False, weights=str(path), input_shape=model.input_shape[1:]))

    def take(self, model: keras.Model, published: keras.Model) -> keras.Model:
        """Copy the weights of Keras' network into the backbone; of what stands before `begins` nothing is taken."""
        names = self.names(published) if self.names else {}
        taken = {names.get(layer.name, layer.name): layer.get_weights() for layer in published.layers}
        for layer in model.layers:
            if layer.weights and not CLASSIFIER.holds(layer.name):
                layer.set_weights(taken[layer.name])
        return model


def with_dropping(model: keras.Model, behind: Mapping[str, Callable[[], keras.Layer]]) -> keras.Model:
    """Return a copy of a network, weights included, with layers that serve training alone.

    Args:
        behind: name of a layer -> makes what is put behind it; it has no weights.
    """

    def call(layer: keras.Layer, *given, **settings):
        x = layer(*given, **settings)
        return behind[layer.name]()(x) if layer.name in behind else x

    def same(layer: keras.Layer) -> keras.Layer:
        return layer.__class__.from_config(layer.get_config())

    images = keras.Input(model.input_shape[1:], name="images")
    clone = keras.models.clone_model(model, input_tensors=images, clone_function=same, call_function=call)
    return copy_weights(model, clone)


def dropout_behind(
    model: keras.Model, rates: Mapping[str, float], kind: Callable[..., keras.layers.Layer]
) -> keras.Model:
    """Return a copy of a network for training, as `with_dropping`.

    Args:
        rates: name of a layer -> the share that is dropped behind it.
        kind: from rate, name and dtype policy to the layer.
    """

    def maker(name: str, rate: float) -> Callable[[], keras.Layer]:
        policy = model.get_layer(name).dtype_policy
        return lambda: kind(rate, name=f"{name}_drop", dtype=policy)

    return with_dropping(model, {name: maker(name, rate) for name, rate in rates.items()})
