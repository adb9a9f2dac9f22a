"""A logistic regression on the mean features of a clip, standardised."""

from typing import Literal

from pydantic import Field

from transferpain.networks.heads.base import HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.sklearn_head import SCALED, FittedClassifier, fit_classifier


class LogisticRegressionSettings(HeadSettings):
    """A logistic regression on the mean features of a clip.

    Attributes:
        c: the inverse of the penalty's strength: small ones keep the weights small.
    """

    kind: Literal["logistic_regression"]
    c: float = Field(1.0, gt=0)


class LogisticRegressionHead:
    """The head `logistic_regression`: a penalty on the squared weights, and nothing drawn."""

    name = "logistic_regression"
    Settings = LogisticRegressionSettings
    reads: Reads = "clip"
    steps = ("scaler",)
    layers = frozenset()
    estimators = SCALED | {"sklearn.linear_model._logistic.LogisticRegression"}
    rows_per_second = 300.0

    def fit(
        self, settings: LogisticRegressionSettings, training: HeadTraining, train: Rows, selection: Rows
    ) -> FittedClassifier:
        from sklearn.linear_model import LogisticRegression

        return fit_classifier(LogisticRegression(C=settings.c, max_iter=5_000), training, train, selection)


LOGISTIC_REGRESSION = LogisticRegressionHead()
