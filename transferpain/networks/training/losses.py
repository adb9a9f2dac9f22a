"""Losses on targets of shape `(batch, classes)`, one for each way of labelling."""

from collections.abc import Callable

import keras

from transferpain.core.contracts import LabelMode


def multi_target_loss(targets, probabilities):
    """Return `-log max(t * p)` for each row: being right about one of several accepted classes is enough.

    Barsoum et al. 2016, the FER+ paper, mode "multi-target".

    Args:
        targets: `(batch, classes)` float, greater than 0 for every accepted class.
        probabilities: `(batch, classes)` float, rows summing to 1.

    Returns:
        `(batch,)` float.
    """
    best = keras.ops.max(targets * probabilities, axis=-1)
    return -keras.ops.log(keras.ops.maximum(best, keras.config.epsilon()))


def loss_for(label_mode: LabelMode) -> Callable:
    """Return the loss of a label mode: `multi_target_loss`, or cross-entropy on the target distribution."""
    if label_mode == "multi_target":
        return multi_target_loss
    return keras.losses.CategoricalCrossentropy()
