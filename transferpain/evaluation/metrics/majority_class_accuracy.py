"""The yardstick of accuracy: what the best constant answer reaches."""

import numpy as np

from transferpain.evaluation.confusion import divide, support
from transferpain.evaluation.metrics.metric import Metric


def majority_class_accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the accuracy of the best constant answer: the share of the most frequent true class.

    Args:
        confusion: counts `(..., classes, classes)`, rows true.
    """
    return divide(support(confusion).max(axis=-1), confusion.sum(axis=(-2, -1)), np.nan)


MAJORITY_CLASS_ACCURACY = Metric(
    "majority_class_accuracy",
    "Majority-class accuracy",
    "answers",
    None,
    (0, 1),
    "majority class",
    majority_class_accuracy,
)
