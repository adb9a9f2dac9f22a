"""Accuracy: it says little beside the share of the most frequent class, and never stands without it."""

import numpy as np

from transferpain.evaluation.confusion import divide, hits
from transferpain.evaluation.metrics.metric import Metric


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the share of rows that were answered right.

    Args:
        confusion: counts `(..., classes, classes)`, rows true.
    """
    return divide(hits(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)), np.nan)


ACCURACY = Metric("accuracy", "Accuracy", "answers", True, (0, 1), "accuracy", accuracy, linear=True)
