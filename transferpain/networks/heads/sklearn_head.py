"""What is asked of a classifier of scikit-learn, as a head and as a part of a bundle."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.networks.heads.base import HeadTraining, Rows

SCALED = frozenset({"sklearn.pipeline.Pipeline", "sklearn.preprocessing._data.StandardScaler"})
LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class FittedClassifier:
    """A fitted classifier of scikit-learn as a head.

    Attributes:
        classifier: fitted to features `(rows, D)`.
        classes: number of classes, K.
        selection_loss: mean cross-entropy on the selection rows.
    """

    classifier: Any
    classes: int
    selection_loss: float

    @property
    def history(self) -> pd.DataFrame:
        return pd.DataFrame({"epoch": [1], "val_loss": [self.selection_loss]})

    def predict(self, x: np.ndarray) -> np.ndarray:
        return class_probabilities(self.classifier, x, self.classes)

    def parts(self) -> dict[str, Any]:
        return {"head": self.classifier}


def fit_classifier(classifier: Any, training: HeadTraining, train: Rows, selection: Rows) -> FittedClassifier:
    """Standardise the features and fit a classifier to them; the selection rows choose nothing, they only score it.

    One thread fits it, so that the same rows give the same bits on any number of them.

    Raises:
        UserError: if the training rows are of one class, or too few of one for the classifier.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    pipeline = make_pipeline(StandardScaler(), classifier)
    weights = {f"{pipeline.steps[-1][0]}__sample_weight": train.weights.astype(np.float64)}
    counts = {int(label): int(number) for label, number in zip(*np.unique(train.y, return_counts=True), strict=True)}
    try:
        if len(counts) < 2:
            raise ValueError("there is one class to learn")
        with threadpool_limits(1), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            pipeline.fit(train.all().astype(np.float64), train.y, **weights)
    except ValueError as error:
        raise UserError(
            f"The head of {training.label} could not be fitted.",
            rule=f"scikit-learn says: {error}.",
            received=", ".join(f"{number} training rows of class {label}" for label, number in counts.items()),
            todo="Use more subjects in training, or another head.",
        ) from error
    note_unfinished(training.label, told)
    said = class_probabilities(pipeline, selection.all(), training.classes)
    of_truth = said[np.arange(len(said)), selection.y].clip(LEAST_PROBABILITY)
    return FittedClassifier(pipeline, training.classes, float(-np.log(of_truth).mean()))


def note_unfinished(label: str, told: Iterable[warnings.WarningMessage]) -> None:
    """Say of a head whose fitting ended before it had settled; pass on whatever else was warned of."""
    from sklearn.exceptions import ConvergenceWarning

    for one in told:
        if not issubclass(one.category, ConvergenceWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if any(issubclass(one.category, ConvergenceWarning) for one in told):
        note(
            f"warning: the head of {label} had not settled when its steps were used up, so that its answers may be "
            "worse than the head can give: lower head.c, or use another head."
        )


def class_probabilities(classifier: Any, x: np.ndarray, classes: int) -> np.ndarray:
    """Return the probabilities of all classes; 0 for a class that the classifier was never shown.

    Args:
        classifier: fitted to classes `0 .. classes - 1`, or to some of them.
        x: float32 `(rows, D)`.

    Returns:
        Float32 `(rows, classes)`.

    Raises:
        ValueError: if it was fitted to anything else.
    """
    known = np.asarray(classifier.classes_)
    if known.dtype.kind not in "iu" or not np.isin(known, np.arange(classes)).all():
        raise ValueError(f"a classifier of {known.tolist()}, where classes are 0 .. {classes - 1}")
    probabilities = np.zeros((len(x), classes), np.float32)
    probabilities[:, known] = classifier.predict_proba(x)
    return probabilities
