"""Scores as functions of confusion matrices.

A confusion matrix is an array `(..., classes, classes)` of counts: rows are the true classes, columns the
predicted ones. Each function maps the last two axes to a score, so that thousands of bootstrap draws are
scored at once. Only classes with a true row enter a mean over classes; a score without any row is NaN.
"""

import numpy as np


def count_confusions(groups: np.ndarray, y_true: np.ndarray, y_pred: np.ndarray, shape: tuple) -> np.ndarray:
    """Count the pairs of true and predicted class in each group.

    Args:
        groups: index of each row's group, integers `(rows,)`.
        y_true: true classes, integers `(rows,)`.
        y_pred: predicted classes, integers `(rows,)`.
        shape: `(groups, classes)`.

    Returns:
        int64 `(groups, classes, classes)`.
    """
    num_groups, num_classes = shape
    cells = (groups * num_classes + y_true) * num_classes + y_pred
    counts = np.bincount(cells, minlength=num_groups * num_classes**2)
    return counts.reshape(num_groups, num_classes, num_classes)


def support(confusion: np.ndarray) -> np.ndarray:
    """Return the number of true rows of each class, `(..., classes)`."""
    return confusion.sum(axis=-1)


def recall(confusion: np.ndarray) -> np.ndarray:
    """Return the recall of each class, `(..., classes)`; NaN for a class without a true row."""
    return _divide(_hits(confusion), support(confusion), np.nan)


def precision(confusion: np.ndarray) -> np.ndarray:
    """Return the precision of each class, `(..., classes)`: 0 if never predicted, NaN without a true row."""
    values = _divide(_hits(confusion), confusion.sum(axis=-2), 0.0)
    return np.where(support(confusion) > 0, values, np.nan)


def f1(confusion: np.ndarray) -> np.ndarray:
    """Return the F1 of each class, `(..., classes)`; NaN for a class without a true row."""
    values = _divide(2 * _hits(confusion), support(confusion) + confusion.sum(axis=-2), 0.0)
    return np.where(support(confusion) > 0, values, np.nan)


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the share of rows that were answered right."""
    return _divide(_hits(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)), np.nan)


def majority_class_accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the accuracy of the best constant answer: the share of the most frequent true class."""
    return _divide(support(confusion).max(axis=-1), confusion.sum(axis=(-2, -1)), np.nan)


def balanced_accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the mean recall over the classes that occur (macro recall)."""
    return _mean_over_present(recall(confusion))


def macro_precision(confusion: np.ndarray) -> np.ndarray:
    """Return the mean precision over the classes that occur."""
    return _mean_over_present(precision(confusion))


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """Return the mean F1 over the classes that occur."""
    return _mean_over_present(f1(confusion))


METRICS = {
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "macro_precision": macro_precision,
    "accuracy": accuracy,
    "majority_class_accuracy": majority_class_accuracy,
}


def _hits(confusion: np.ndarray) -> np.ndarray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _divide(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    out = np.full(np.broadcast_shapes(np.shape(above), np.shape(below)), otherwise, dtype=np.float64)
    return np.divide(above, below, out=out, where=np.asarray(below) > 0)


def _mean_over_present(values: np.ndarray) -> np.ndarray:
    present = ~np.isnan(values)
    return _divide(np.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1), np.nan)
