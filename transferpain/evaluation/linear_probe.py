"""The linear probe: a standardised logistic regression on features, the baseline beside every head.

StandardScaler, then an L2-penalised logistic regression whose C is chosen on inner folds by subject, all fitted to the
training rows alone. It has one solution, so there is nothing to be lucky with: no weights to draw, no epoch to stop at.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from threadpoolctl import threadpool_limits

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of C, the inverse of the penalty
USUAL_C = 1e-2  # where no inner fold can be made (our choice): the middle of the grid
INNER_FOLDS = 5
MOST_STEPS = 300
SMALLEST = 1e-7  # a probability of 0 would make the loss infinite
ONE_CLASS = "The training rows hold one class, which is the answer."
NO_INNER_FOLDS = "No inner fold by subject holds two classes, so that C is not chosen."


@dataclass(frozen=True)
class LinearProbe:
    """A fitted probe.

    Attributes:
        steps: the standardisation, and what follows it; `None` where the training rows hold one class.
        classes: the classes of the training rows, ascending.
        strength: the C that was chosen; `None` where the training rows hold one class.
        inner_folds: on how many inner folds it was chosen; 0 if it was not.
        reason: why it was not chosen; "" if it was.
    """

    steps: Pipeline | None
    classes: np.ndarray
    strength: float | None
    inner_folds: int
    reason: str

    def predict(self, x: np.ndarray, classes: int) -> np.ndarray:
        """Return the probabilities, float64 `(rows, classes)`; 0 for a class that no training row had.

        Args:
            x: `(rows, D)`, finite.
            classes: how many there are, K.
        """
        probabilities = np.zeros((len(x), classes))
        if self.steps is None:
            probabilities[:, self.classes] = 1.0
        elif len(x):
            with threadpool_limits(1):
                probabilities[:, self.classes] = self.steps.predict_proba(np.asarray(x, np.float64))
        return probabilities


def fit_probe(x: np.ndarray, y: np.ndarray, subjects: np.ndarray, balanced: bool = False, seed: int = 0) -> LinearProbe:
    """Fit the probe to the training rows.

    C is the one of `STRENGTHS` with the lowest cross-entropy of rows whose subject an inner fold left out; of equal
    ones the smallest. Inner folds whose rows hold one class tell nothing, and are left out.

    Args:
        x: `(rows, D)`, finite.
        y: int64 `(rows,)`.
        subjects: `(rows,)`, by which the inner folds are made.
        balanced: whether each class counts alike, as `training.class_weights` of a head.
        seed: of the inner folds.

    Raises:
        ValueError: if there is no row.
    """
    if not len(x):
        raise ValueError("a probe needs training rows")
    x, y, classes = np.asarray(x, np.float64), np.asarray(y, np.int64), np.unique(y)
    if len(classes) == 1:
        return LinearProbe(None, classes, None, 0, ONE_CLASS)
    # The threads of several processes would wait for each other, and another number of them rounds otherwise.
    with threadpool_limits(1), warnings.catch_warnings():
        # A weak penalty on classes that a plane parts takes steps for ever, and the answers no longer change.
        warnings.simplefilter("ignore", ConvergenceWarning)
        parts = list(_inner_folds(y, subjects, seed))
        losses = sum((_losses(x, y, *part, balanced) for part in parts), np.zeros(len(STRENGTHS)))
        strength = STRENGTHS[int(losses.argmin())] if parts else USUAL_C
        *_, steps = _path(x, y, (strength,), balanced)
    return LinearProbe(steps, classes, strength, len(parts), "" if parts else NO_INNER_FOLDS)


def _inner_folds(y: np.ndarray, subjects: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows that are fitted and those of the subjects left out, where the former hold two classes."""
    count = min(INNER_FOLDS, len(np.unique(subjects)))
    if count < 2:
        return
    folds = GroupKFold(count, shuffle=True, random_state=seed)
    for fitted, left_out in folds.split(y, groups=subjects):
        if len(np.unique(y[fitted])) > 1:
            yield fitted, left_out


def _losses(x: np.ndarray, y: np.ndarray, fitted: np.ndarray, left_out: np.ndarray, balanced: bool) -> np.ndarray:
    """Return the summed cross-entropy of the rows left out for each strength, `(strengths,)`."""
    weights = compute_sample_weight("balanced", y)[left_out] if balanced else np.ones(len(left_out))
    probabilities = np.zeros((len(left_out), y.max() + 1))
    losses = []
    for steps in _path(x[fitted], y[fitted], STRENGTHS, balanced):
        probabilities[:, steps.classes_] = steps.predict_proba(x[left_out])
        of_truth = probabilities[np.arange(len(left_out)), y[left_out]]
        losses.append(-(weights * np.log(of_truth.clip(SMALLEST))).sum())
    return np.array(losses)


def _path(x: np.ndarray, y: np.ndarray, strengths: tuple[float, ...], balanced: bool) -> Iterator[Pipeline]:
    """Yield the probe fitted with each strength, each from the weights of the one before; use one before the next."""
    scaling = [StandardScaler()]
    if len(x) < x.shape[1]:
        # A rotation into the span of the rows: the penalty does not see it, and fewer numbers are fitted.
        scaling.append(PCA(svd_solver="full"))
    before = make_pipeline(*scaling)
    rotated = before.fit_transform(x)
    weights = "balanced" if balanced else None
    regression = LogisticRegression(max_iter=MOST_STEPS, tol=1e-5, warm_start=True, class_weight=weights)
    for strength in strengths:
        regression.set_params(C=strength).fit(rotated, y)
        yield make_pipeline(*scaling, regression)
