"""Macro F1: the harmonic mean of precision and recall of each class, averaged."""

import numpy as np

from transferpain.evaluation.confusion import f1, mean_over_present
from transferpain.evaluation.metrics.metric import Metric


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """Return the mean F1 over the classes that occur.

    Args:
        confusion: counts `(..., classes, classes)`, rows true.
    """
    return mean_over_present(f1(confusion))


MACRO_F1 = Metric("macro_f1", "Macro F1", "answers", True, (0, 1), "macro F1", macro_f1, over_classes=True)
