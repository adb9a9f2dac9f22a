"""AdaBoost on the fused network's embedding, in place of its softmax (El-Ghaish names "adaptive boosting" only)."""

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from transferpain.core.errors import UserError
from transferpain.strategies.fused.settings import AdaBoostHead


def fit_adaboost(
    embedding: np.ndarray, y: np.ndarray, weights: np.ndarray, settings: AdaBoostHead, seed: int
) -> AdaBoostClassifier:
    """Boost small trees.

    Args:
        embedding: `(rows, D)`, of rows that the network did not learn from: it is too sure of the others.
        y: int64 `(rows,)`, their classes.
        weights: `(rows,)`, how much each counts.
        settings: how many trees of which depth, and the learning rate.
        seed: of the trees.

    Raises:
        UserError: if the rows are all of one class.
    """
    if len(np.unique(y)) < 2:
        raise UserError(
            "AdaBoost has nothing to tell apart.",
            rule="The clips that are set aside for selection, which it is fitted on, are of two classes at least.",
            received=f"{len(y)} rows of classes {np.unique(y).tolist()}",
            todo="Raise protocol.selection_share, or use head.kind=dense.",
        )
    trees = AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=settings.depth),
        n_estimators=settings.estimators,
        learning_rate=settings.learning_rate,
        random_state=seed,
    )
    return trees.fit(embedding, y, sample_weight=weights)


def adaboost_probabilities(trees: AdaBoostClassifier, embedding: np.ndarray, classes: int) -> np.ndarray:
    """Return float64 `(rows, classes)`; 0 for a class that the trees were never shown."""
    probabilities = np.zeros((len(embedding), classes))
    probabilities[:, trees.classes_] = trees.predict_proba(embedding)
    return probabilities
