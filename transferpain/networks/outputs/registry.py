"""The outputs, one line each; `training.loss` names one."""

from typing import TYPE_CHECKING

from transferpain.core.registry import Registry
from transferpain.networks.outputs.base import Output, with_output
from transferpain.networks.outputs.number import HUBER, MSE
from transferpain.networks.outputs.ordinal import CORN, CUMULATIVE_LINK
from transferpain.networks.outputs.softmax import SOFTMAX

if TYPE_CHECKING:
    import keras

OUTPUTS: Registry[Output] = Registry("loss", [SOFTMAX, MSE, HUBER, CORN, CUMULATIVE_LINK])
DEFAULT = SOFTMAX.name


def ending_in(model: "keras.Model", loss: str, classes: int, seed: int) -> "keras.Model":
    """Return a classifier as the loss of this name wants it to end; as it is built it ends in the softmax."""
    return model if loss == DEFAULT else with_output(model, OUTPUTS[loss], classes, seed)
