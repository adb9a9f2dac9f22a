"""Gradient boosted trees on the mean features of a clip (Friedman 2001)."""

from typing import Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.sklearn_head import SCALED, FittedClassifier, fit_classifier


class GradientBoostingSettings(HeadSettings):
    """Gradient boosted trees on the mean features of a clip.

    Attributes:
        trees: how many rounds; more fit the training rows ever closer.
        depth: of each tree.
        learning_rate: how much each tree counts.
    """

    kind: Literal["gradient_boosting"]
    trees: int = Field(100, ge=1, le=2_000)
    depth: int = Field(3, ge=1, le=64)
    learning_rate: float = Field(0.1, gt=0, le=1)


class GradientBoosting:
    """The head `gradient_boosting`: each split looks at the square root of the features' number, drawn by the seed."""

    name = "gradient_boosting"
    Settings = GradientBoostingSettings
    reads: Reads = "clip"
    steps = ("scaler",)
    layers = frozenset()
    estimators = SCALED | {
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
    }
    rows_per_second = 300.0

    def fit(
        self, settings: GradientBoostingSettings, training: HeadTraining, train: Rows, selection: Rows
    ) -> FittedClassifier:
        from sklearn.ensemble import GradientBoostingClassifier

        trees = GradientBoostingClassifier(
            n_estimators=settings.trees,
            max_depth=settings.depth,
            learning_rate=settings.learning_rate,
            max_features="sqrt",
            random_state=derive_seed(*training.seed, "gradient boosting"),
        )
        return fit_classifier(trees, training, train, selection)


GRADIENT_BOOSTING = GradientBoosting()
