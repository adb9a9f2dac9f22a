"""How many multiply-adds a network takes for one picture, counted from its layers."""

import math
from collections.abc import Callable

import keras

REFERENCE_SIZE = 224


def multiply_adds(model: keras.Model, up_to: str = "embedding") -> int:
    """Count those of convolutions, dense layers and attention, as papers do; what has no kernel counts nothing.

    Args:
        model: a backbone.
        up_to: name of the last layer that counts.

    Returns:
        Of one picture of the model's size.

    Raises:
        ValueError: if a layer has a kernel, and no rule says what it costs.
    """
    return sum(_of(layer) for layer in keras.Model(model.input, model.get_layer(up_to).output).layers)


def _of(layer: keras.Layer) -> int:
    for kind, rule in RULES.items():
        if type(layer) is kind:
            return rule(layer)
    if any(weight.path.endswith("kernel") for weight in layer.weights):
        raise ValueError(f"no rule says how many multiply-adds a {type(layer).__name__} takes")
    return 0


def _on_maps(layer: keras.Layer) -> int:
    """A kernel `(height, width, channels of a group, filters)`, or `(..., channels, 1)`, at each place."""
    return math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])


def _dense(layer: keras.Layer) -> int:
    """A kernel `(channels, units)` at each place."""
    return math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])


def _attention(layer: keras.Layer) -> int:
    """Four dense layers on each token, and each token's product with each, twice: scores, and the sum of values."""
    tokens, width = layer.output.shape[1:]
    dense = sum(math.prod(weight.shape) for weight in layer.weights if weight.path.endswith("kernel"))
    return tokens * dense + 2 * tokens * tokens * width


RULES: dict[type, Callable[[keras.Layer], int]] = {
    keras.layers.Conv2D: _on_maps,
    keras.layers.DepthwiseConv2D: _on_maps,
    keras.layers.Dense: _dense,
    keras.layers.EinsumDense: _dense,
    keras.layers.MultiHeadAttention: _attention,
}
