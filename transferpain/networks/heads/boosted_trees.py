"""Boosted trees of XGBoost as a classifier: what they are made of is text, which a bundle keeps and checks."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xgboost


@dataclass(frozen=True)
class BoostedTrees:
    """Fitted boosted trees that answer as a classifier of scikit-learn does.

    Attributes:
        content: XGBoost's JSON; one that somebody else wrote is checked before (`models/bundles/xgboost_part.py`).
        classes: number of classes, K.
        n_features_in_: number of features, D.
    """

    content: bytes
    classes: int
    n_features_in_: int

    @property
    def classes_(self) -> np.ndarray:
        return np.arange(self.classes)

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `(rows, K)`, of features `(rows, D)`; one thread computes them."""
        import xgboost

        rows = xgboost.DMatrix(np.ascontiguousarray(x, np.float32), nthread=1)
        return self._booster.predict(rows)

    @cached_property
    def _booster(self) -> "xgboost.Booster":
        import xgboost

        booster = xgboost.Booster({"nthread": 1, "verbosity": 0})
        booster.load_model(bytearray(self.content))
        return booster
