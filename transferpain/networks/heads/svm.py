"""A linear support vector machine on the mean features of a clip, standardised, with probabilities.

Linear, because a model with a kernel is read by compiled code that trusts whatever a file says: no shared one is safe.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.sklearn_head import SCALED, FittedClassifier, fit_classifier

PARTS = 3  # of the training rows, each answered by a machine of the others: what probabilities are fitted on


class SvmSettings(HeadSettings):
    """A linear support vector machine on the mean features of a clip.

    Attributes:
        c: the inverse of the penalty's strength: small ones make the margin wide.
    """

    kind: Literal["svm"]
    c: float = Field(0.01, gt=0)


class Svm:
    """The head `svm`. A sigmoid makes probabilities of its distances (Platt 1999).

    It is fitted on training rows that are answered by machines which did not see them (our choice: three parts, dealt
    by class and not by subject).
    """

    name = "svm"
    Settings = SvmSettings
    reads: Reads = "clip"
    steps = ("scaler", "sigmoid of the probabilities")
    layers = frozenset()
    estimators = SCALED | {
        "sklearn.svm._classes.LinearSVC",
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
    }
    rows_per_second = 2_000.0

    def fit(self, settings: SvmSettings, training: HeadTraining, train: Rows, selection: Rows) -> FittedClassifier:
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.svm import LinearSVC

        rarest = int(np.unique(train.y, return_counts=True)[1].min(initial=PARTS))
        seed = derive_seed(*training.seed, "svm")
        machine = LinearSVC(C=settings.c, dual=True, max_iter=20_000, random_state=seed)
        calibrated = CalibratedClassifierCV(machine, method="sigmoid", cv=max(2, min(PARTS, rarest)), ensemble=False)
        return fit_classifier(calibrated, training, train, selection)


SVM = Svm()
