"""Macro precision: how often an answer of a class is right, averaged over the classes."""

import numpy as np

from transferpain.evaluation.confusion import mean_over_present, precision
from transferpain.evaluation.metrics.metric import Metric


def macro_precision(confusion: np.ndarray) -> np.ndarray:
    """Return the mean precision over the classes that occur.

    Args:
        confusion: counts `(..., classes, classes)`, rows true.
    """
    return mean_over_present(precision(confusion))


MACRO_PRECISION = Metric(
    "macro_precision", "Macro precision", "answers", True, (0, 1), None, macro_precision, over_classes=True
)
