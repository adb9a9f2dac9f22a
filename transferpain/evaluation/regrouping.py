"""Coarser levels from a predicted number, so that it can be set beside a classifier of those levels."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from transferpain.evaluation.detection import expected_levels
from transferpain.evaluation.predictions import number_of_classes

Span = tuple[float, float]


def groups_of(fine: Sequence[Span], coarse: Sequence[Span]) -> np.ndarray | None:
    """Return the coarse level of each fine one, int64; None where a fine one lies in none, or both are the same.

    Args:
        fine, coarse: lowest and highest value of each level, both included.
    """
    inside = [[low <= start and end <= high for low, high in coarse] for start, end in fine]
    if list(fine) == list(coarse) or not all(map(any, inside)):
        return None
    return np.array([row.index(True) for row in inside], dtype=np.int64)


def regroup(predictions: pd.DataFrame, groups: np.ndarray) -> pd.DataFrame:
    """Return the predictions of a number as answers to coarser levels.

    The answer is the level in which the expected fine level lies, rounded to the nearest (halves upwards); the
    probability of a level is the sum of those of its fine ones.

    Args:
        predictions: of a run with ordered levels.
        groups: the coarse level of each fine one, `(fine levels,)`.
    """
    names = [f"p_{number}" for number in range(number_of_classes(predictions))]
    shares = predictions[names].to_numpy(np.float64)
    nearest = np.floor(expected_levels(predictions) + 0.5).astype(np.int64)
    summed = {f"p_{level}": shares[:, groups == level].sum(axis=1) for level in range(groups.max() + 1)}
    truth = predictions["y_true"]
    coarse = groups[truth.fillna(0).to_numpy(np.int64)]
    return predictions.drop(columns=names).assign(
        **summed, y_pred=groups[nearest], y_true=pd.Series(coarse, index=truth.index, dtype="Int64").mask(truth.isna())
    )
