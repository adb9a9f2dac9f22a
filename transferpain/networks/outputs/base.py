"""What an output is: the last layers of a network, and the loss that they are trained with.

Whatever the output, the network answers with probabilities of classes, so that everything behind it - votes, scores,
reports, bundles - reads one form. Outputs of ordered classes are for tasks with `ordinal: true`: the classes are levels
0 to K - 1, and the number that is predicted is the expected level, the sum of the levels times their probabilities.

An output is one module in this folder, listed in `registry.py`. Keras is imported inside functions, so that experiment
files are checked without it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import keras


class Output(Protocol):
    """The end of a network.

    Attributes:
        name: as `training.loss` names it.
        ordered: whether it is for ordered classes alone.
        layers: names of the Keras layer classes that it adds.
    """

    name: str
    ordered: bool
    layers: frozenset[str]

    def build(self, features: Any, classes: int, seed: int) -> Any:
        """Put the output on features `(batch, D)`; returns probabilities, float32 `(batch, classes)`.

        Layers that learn have names that begin with `logits`: they are trained in every phase. Those of the others, but
        for the last, `probabilities`, which has no weights, begin with `levels_`: they compute in float32 whatever the
        network does, and never learn, also in a copy.
        """
        ...

    def loss(self) -> Callable[[Any, Any], Any]:
        """Return what compares targets `(batch, classes)` with probabilities, one number for each row."""
        ...


def fixed_dense(kernel: np.ndarray, bias: np.ndarray | float, name: str, activation: str | None = None) -> Callable:
    """Return a function that puts a dense layer on a tensor, with weights that are written here and never learn.

    Arithmetic as a layer of Keras' own: a network that is saved with it is read by plain Keras, and by the guard.

    Args:
        kernel: `(inputs, outputs)`.
        bias: `(outputs,)`, or one number for all.
        name: of the layer.
        activation: of the layer.
    """
    import keras

    def put_on(x):
        zeros = keras.initializers.Zeros()
        layer = keras.layers.Dense(
            kernel.shape[1], activation, kernel_initializer=zeros, name=name, trainable=False, dtype="float32"
        )
        x = layer(x)
        layer.set_weights([kernel.astype(np.float32), np.broadcast_to(np.float32(bias), kernel.shape[1:])])
        return x

    return put_on


def with_output(model: "keras.Model", output: Output, classes: int, seed: int) -> "keras.Model":
    """Return a classifier of the same features and weights that ends in another output.

    Args:
        model: ends in the layers `logits` and `probabilities`.
        seed: of the new layers' weights.
    """
    import keras

    features = model.get_layer("logits").input
    return keras.Model(model.input, output.build(features, classes, seed), name=model.name)
