"""Action units beside pain: what a network is also trained on, where somebody coded them.

A dense layer on the features that the pain output stands on gives each unit a share of its scale, 0 to 1, and its loss
is added to pain's in training. The output serves training alone: the network that is saved does not have it.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from transferpain.core.seeds import derive_seed

# Its first part is that of the pain output: it is trained in every phase.
UNITS = "logits_units"
CODED = "coded_units"
# A unit that hardly ever occurs begins no nearer to 0 or 1: its output could not leave there again.
NEAREST = 0.01


def masked_loss(shares, logits):
    """Return the loss of action units: one number.

    Of each coded unit of each row it is the cross-entropy of a share of the unit's scale, which is lowest where the
    answer is the expected share. It is averaged over the rows in which a unit is coded, then over the units that any
    row codes; what nobody coded has no part in it. It is 0 where nothing is coded.

    Args:
        shares: `(batch, units)` float32, 0 to 1; NaN where a unit is not coded.
        logits: `(batch, units)` float32; the answers are their sigmoids.
    """
    known = ops.logical_not(ops.isnan(shares))
    counts = ops.cast(known, "float32")
    # Not the product with a mask: NaN times 0 is NaN, also in a gradient.
    wanted = ops.where(known, shares, 0.0)
    errors = ops.maximum(logits, 0.0) - logits * wanted + ops.log1p(ops.exp(-ops.abs(logits)))
    errors = ops.where(known, errors, 0.0)
    rows = ops.sum(counts, axis=0)
    of_unit = ops.sum(errors, axis=0) / ops.maximum(rows, 1.0)
    return ops.sum(of_unit) / ops.maximum(ops.sum(ops.cast(rows > 0, "float32")), 1.0)


class AddUnitLoss(keras.layers.Layer):
    """Passes probabilities on, and adds the weighted `masked_loss` in training; a validation loss is pain's alone."""

    def __init__(self, weight: float, **options):
        super().__init__(**options)
        self.weight = weight

    def call(self, probabilities, logits, shares, training: bool = False):
        if training:
            self.add_loss(self.weight * masked_loss(shares, logits))
        return probabilities


@dataclass(frozen=True)
class WithUnits:
    """A network with an output for action units.

    Attributes:
        training: from images and coded shares to the probabilities of the network; its loss has both parts.
        units: from images to a share of the scale of each unit, float32 `(batch, units)`. Both share all their layers
            with the network.
    """

    training: keras.Model
    units: keras.Model


def with_units(network: keras.Model, layer: str, shares: np.ndarray, weight: float, seed: int) -> WithUnits:
    """Put an output for action units on a network.

    Args:
        network: ends in probabilities.
        layer: name of the layer of features that the output stands on.
        shares: float32 `(pictures, units)`, what was coded of the training pictures, NaN where nothing was. The output
            begins with the mean of each unit: most are rare, and a network that had to learn how rare they are first
            would do so with the features of pain.
        weight: of their loss, beside pain's.
        seed: of the new layer's weights.
    """
    kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, UNITS))
    # Without the kernels' penalty: it would be part of the validation loss, which is pain's alone.
    dense = keras.layers.Dense(shares.shape[1], kernel_initializer=kernel, dtype="float32", name=UNITS)
    logits = dense(network.get_layer(layer).output)
    dense.bias.assign(first_logits(shares))
    coded = keras.Input((shares.shape[1],), name=CODED)
    adds = AddUnitLoss(weight, dtype="float32", name=f"{UNITS}_loss")
    images = network.inputs[0]
    return WithUnits(
        keras.Model([images, coded], adds(network.output, logits, coded), name=network.name),
        keras.Model(images, keras.layers.Activation("sigmoid", dtype="float32", name="units")(logits)),
    )


def first_logits(shares: np.ndarray) -> np.ndarray:
    """Return the logits of the mean share of each unit, float32 `(units,)`; 0 where a unit is coded nowhere."""
    known = ~np.isnan(shares)
    sums = np.where(known, shares, 0).sum(axis=0, dtype=np.float64)
    means = np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), 0.5).clip(NEAREST, 1 - NEAREST)
    return np.log(means / (1 - means)).astype(np.float32)
