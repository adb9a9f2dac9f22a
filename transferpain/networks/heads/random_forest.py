"""A random forest on the mean features of a clip (Breiman 2001)."""

from typing import Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.sklearn_head import SCALED, FittedClassifier, fit_classifier


class RandomForestSettings(HeadSettings):
    """A random forest on the mean features of a clip.

    Attributes:
        trees: how many; more cost time, and make nothing worse.
        depth: of each tree at most; `None` lets it grow until its leaves are pure.
        leaf: training rows that a leaf holds at least.
    """

    kind: Literal["random_forest"]
    trees: int = Field(200, ge=1, le=2_000)
    depth: int | None = Field(None, ge=1, le=64)
    leaf: int = Field(1, ge=1)


class RandomForest:
    """The head `random_forest`: each split looks at the square root of the features' number, drawn by the seed."""

    name = "random_forest"
    Settings = RandomForestSettings
    reads: Reads = "clip"
    steps = ("scaler",)
    layers = frozenset()
    estimators = SCALED | {
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.tree._classes.DecisionTreeClassifier",
    }
    rows_per_second = 300.0

    def fit(
        self, settings: RandomForestSettings, training: HeadTraining, train: Rows, selection: Rows
    ) -> FittedClassifier:
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(
            settings.trees,
            max_depth=settings.depth,
            min_samples_leaf=settings.leaf,
            n_jobs=1,
            random_state=derive_seed(*training.seed, "random forest"),
        )
        return fit_classifier(forest, training, train, selection)


RANDOM_FOREST = RandomForest()
