"""What is asked of a classifier of scikit-learn, as a head and as a part of a bundle."""

from typing import Any

import numpy as np


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
