"""Rows for the tests of heads of scikit-learn."""

from pathlib import Path

import numpy as np

from transferpain.networks.heads.base import HeadTraining, Rows
from transferpain.networks.training.settings import TrainingSettings


def rows_of(y, width: int = 3, weights=None) -> Rows:
    """Return rows whose first feature is their class, and the others noise."""
    y = np.asarray(y)
    x = np.random.default_rng(len(y)).normal(size=(len(y), width)).astype(np.float32)
    x[:, 0] = y
    counted = np.ones(len(y)) if weights is None else np.asarray(weights)
    return Rows(lambda positions: x[positions], y, counted.astype(np.float32))


def training_of(classes: int = 2, width: int = 3) -> HeadTraining:
    return HeadTraining(classes, width, None, TrainingSettings(), (0, "fold"), Path("unused"), "mine fold0 seed 0")
