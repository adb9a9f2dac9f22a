"""Confusion matrices, and the scores of single classes.

A confusion matrix is an array `(..., classes, classes)` of counts: rows are the true classes, columns the
predicted ones. Each function works on the last two axes, so that many samples of subjects are scored at once.
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
    return divide(hits(confusion), support(confusion), np.nan)


def precision(confusion: np.ndarray) -> np.ndarray:
    """Return the precision of each class, `(..., classes)`: 0 if never predicted, NaN without a true row."""
    values = divide(hits(confusion), confusion.sum(axis=-2), 0.0)
    return np.where(support(confusion) > 0, values, np.nan)


def f1(confusion: np.ndarray) -> np.ndarray:
    """Return the F1 of each class, `(..., classes)`; NaN for a class without a true row."""
    values = divide(2 * hits(confusion), support(confusion) + confusion.sum(axis=-2), 0.0)
    return np.where(support(confusion) > 0, values, np.nan)


def hits(confusion: np.ndarray) -> np.ndarray:
    """Return the number of right answers of each class, `(..., classes)`."""
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def divide(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    """Divide element by element, float64; `otherwise` where `below` is not positive."""
    out = np.full(np.broadcast_shapes(np.shape(above), np.shape(below)), otherwise, dtype=np.float64)
    return np.divide(above, below, out=out, where=np.asarray(below) > 0)


def mean_over_present(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of what is not NaN; NaN where all is."""
    present = ~np.isnan(values)
    return divide(np.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1), np.nan)
