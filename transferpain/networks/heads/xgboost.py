"""Boosted trees of XGBoost on the mean features of a clip (Chen & Guestrin 2016)."""

from typing import Literal

import numpy as np
from pydantic import Field

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.boosted_trees import BoostedTrees
from transferpain.networks.heads.sklearn_head import LEAST_PROBABILITY, FittedClassifier, class_probabilities

DEEPEST = 16
LEAST, MOST = 1e-30, 1e30  # XGBoost keeps its settings as float32


class XGBoostSettings(HeadSettings):
    """Boosted trees of XGBoost on the mean features of a clip.

    Attributes:
        trees: how many rounds, each with a tree for every class.
        depth: of each tree.
        learning_rate: how much each tree counts.
        columns: the share of the features that each split looks at, drawn by the seed.
        l2: penalty on the values of leaves.
    """

    kind: Literal["xgboost"]
    trees: int = Field(100, ge=1, le=2_000)
    depth: int = Field(3, ge=1, le=DEEPEST)
    learning_rate: float = Field(0.1, ge=LEAST, le=1)
    columns: float = Field(1.0, ge=LEAST, le=1)
    l2: float = Field(1.0, ge=0, le=MOST)


class XGBoost:
    """The head `xgboost`; the selection rows choose nothing, they only score it.

    One thread fits it, so that the same rows give the same bits on any number of them.
    """

    name = "xgboost"
    Settings = XGBoostSettings
    reads: Reads = "clip"
    steps = ()
    layers = frozenset()
    estimators = frozenset()
    rows_per_second = 300.0

    def fit(self, settings: XGBoostSettings, training: HeadTraining, train: Rows, selection: Rows) -> FittedClassifier:
        import xgboost

        if len(known := np.unique(train.y)) < 2:
            raise UserError(
                f"The head of {training.label} could not be fitted.",
                rule="Trees need two classes to tell apart.",
                received=f"{len(train.y)} training rows of class {', '.join(map(str, known))}",
                todo="Use more subjects in training.",
            )
        parameters = {
            "objective": "multi:softprob",
            "num_class": training.classes,
            "max_depth": settings.depth,
            "learning_rate": settings.learning_rate,
            "colsample_bynode": settings.columns,
            "reg_lambda": settings.l2,
            "tree_method": "hist",
            "nthread": 1,
            "seed": derive_seed(*training.seed, "xgboost") % 2**31,
            "verbosity": 0,
        }
        x = np.ascontiguousarray(train.all(), np.float32)
        if not (finite := np.isfinite(x)).all():
            raise UserError(
                f"The head of {training.label} could not be fitted.",
                rule="Features are finite numbers: XGBoost takes NaN for one that is missing, and no infinite one.",
                received=f"{x[~finite][0]} in {int((~finite.all(axis=1)).sum())} of {len(x)} training rows",
                todo="Look at what makes its features; of a network, another backbone or source gives smaller ones.",
            )
        rows = xgboost.DMatrix(x, label=train.y, weight=train.weights, nthread=1)
        booster = xgboost.train(parameters, rows, settings.trees)
        trees = BoostedTrees(bytes(booster.save_raw("json")), training.classes, x.shape[1])
        said = class_probabilities(trees, selection.all(), training.classes)
        of_truth = said[np.arange(len(said)), selection.y].clip(LEAST_PROBABILITY)
        return FittedClassifier(trees, training.classes, float(-np.log(of_truth).mean()))


XGBOOST = XGBoost()
