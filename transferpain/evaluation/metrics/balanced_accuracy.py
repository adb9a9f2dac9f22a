"""Balanced accuracy: every class counts the same, however many clips it has."""

import numpy as np

from transferpain.evaluation.confusion import mean_over_present, recall
from transferpain.evaluation.metrics.metric import Metric


def balanced_accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the mean recall over the classes that occur (macro recall).

    Args:
        confusion: counts `(..., classes, classes)`, rows true.
    """
    return mean_over_present(recall(confusion))


BALANCED_ACCURACY = Metric(
    "balanced_accuracy",
    "Balanced accuracy",
    "answers",
    True,
    (0, 1),
    "balanced accuracy",
    balanced_accuracy,
    linear=True,
    over_classes=True,
)
