"""How much a fitted classifier needs each of its columns."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score


class Importance(NamedTuple):
    """By how much the area under the ROC curve falls when a column is shuffled: mean and spread over shuffles."""

    mean: float
    deviation: float


def permutation_importance(
    probability: Callable[[np.ndarray], np.ndarray],
    features: np.ndarray,
    is_pain: np.ndarray,
    columns: Mapping[str, int],
    seed: int,
    shuffles: int = 20,
) -> dict[str, Importance]:
    """Shuffle one column after the other and see what it costs (Breiman 2001).

    Columns that say the same share their importance: none of them may fall much when shuffled alone.

    Args:
        probability: takes features and returns P(pain), as `FittedBoosting.probability`.
        features: `(rows, D)` of test subjects; rows with a NaN, faces that were not measured, are left out.
        is_pain: bool `(rows,)`.
        columns: name -> position of those of interest, e.g. the action units behind an embedding.
        seed: of the shuffles.
        shuffles: how often each column is shuffled.

    Raises:
        ValueError: if the measured rows are not of both answers.
    """
    covered = np.isfinite(features).all(axis=1)
    features, is_pain = features[covered], np.asarray(is_pain, bool)[covered]
    if is_pain.all() or not is_pain.any():
        raise ValueError("measured rows of both answers are needed")
    random = np.random.default_rng(seed)
    whole = roc_auc_score(is_pain, probability(features))
    found = {}
    for name, column in columns.items():
        falls = []
        for _ in range(shuffles):
            shuffled = features.copy()
            shuffled[:, column] = random.permutation(shuffled[:, column])
            falls.append(whole - roc_auc_score(is_pain, probability(shuffled)))
        found[name] = Importance(float(np.mean(falls)), float(np.std(falls)))
    return found
