"""Losses on targets of shape `(batch, classes)`, one for each way of labelling."""

from collections.abc import Callable

import keras

from transferpain.networks.outputs.registry import OUTPUTS
from transferpain.networks.training.settings import TrainingSettings

# Of a network that is adapted while it learns: what its domain loss was in an epoch, in the mean, without its weight.
DOMAIN_LOSS = "domain_loss"


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


def loss_for(settings: TrainingSettings) -> Callable:
    """Return the loss of a label mode, `multi_target_loss`, or that of the network's output."""
    if settings.label_mode == "multi_target":
        return multi_target_loss
    return OUTPUTS[settings.loss].loss()
