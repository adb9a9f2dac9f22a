"""A head of scikit-learn that is not in the registry: all that a new one has to be."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from transferpain.networks.heads.base import HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.sklearn_head import class_probabilities


class LogisticSettings(HeadSettings):
    kind: Literal["logistic"]
    strength: float = Field(1.0, gt=0)


@dataclass(frozen=True)
class FittedLogistic:
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


class Logistic:
    """A standardised logistic regression on the mean features of a clip."""

    name = "logistic"
    Settings = LogisticSettings
    reads: Reads = "clip"
    steps = ("scaler",)
    layers = frozenset()
    estimators = frozenset(
        {
            "sklearn.linear_model._logistic.LogisticRegression",
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.StandardScaler",
        }
    )
    rows_per_second = 100_000.0

    def fit(self, settings: LogisticSettings, training: HeadTraining, train: Rows, selection: Rows) -> FittedLogistic:
        classifier = make_pipeline(StandardScaler(), LogisticRegression(C=settings.strength))
        classifier.fit(train.all(), train.y, logisticregression__sample_weight=train.weights)
        said = class_probabilities(classifier, selection.all(), training.classes)
        of_truth = said[np.arange(len(said)), selection.y].clip(1e-7)
        return FittedLogistic(classifier, training.classes, float(-np.log(of_truth).mean()))


LOGISTIC = Logistic()
