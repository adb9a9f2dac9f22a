"""Mean and spread of the rows of many arrays that are seen one after the other, so that memory stays flat."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moments:
    """What is kept of the rows.

    Attributes:
        rows: how many there were.
        mean: float64 `(D,)`.
        scatter: float64, sums of squared deviations from the mean `(D,)`, or of their products `(D, D)`.
    """

    rows: int
    mean: np.ndarray
    scatter: np.ndarray


def collect_moments(parts: Iterable[np.ndarray], products: bool = False) -> Moments | None:
    """Collect the moments of the rows of all parts.

    Args:
        parts: arrays of any float type `(rows, D)`; a row of NaN, a frame without a face, counts nowhere.
        products: whether the products of different features are summed, too, as a covariance needs them.

    Returns:
        `None` if there is no row.
    """
    rows, mean, scatter = 0, 0.0, 0.0
    for part in parts:
        part = np.asarray(part, np.float64)
        part = part[~np.isnan(part).any(axis=1)]
        if not len(part):
            continue
        center = part.mean(axis=0)
        deviations, gap, total = part - center, center - mean, rows + len(part)
        own = deviations.T @ deviations if products else np.square(deviations).sum(axis=0)
        # Chan's update: parts are merged without the loss of digits of a difference of large sums.
        between = np.outer(gap, gap) if products else gap**2
        scatter = scatter + own + between * (rows * len(part) / total)
        mean, rows = mean + gap * (len(part) / total), total
    return Moments(rows, mean, scatter) if rows else None
