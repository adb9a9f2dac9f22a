"""What an experiment may choose about the classifiers on action units and embeddings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from transferpain.strategies.hybrid.thresholds import Objective

# The models by name, and what readers are told.
TITLES = {"units": "Action units only", "cnn": "CNN only", "hybrid": "Action units and CNN"}


class BoostingSettings(BaseModel):
    """Gradient boosting and its threshold. The first values of the lists are those that Verma's search found.

    Attributes:
        learning_rates, estimators, depths: what the grid search compares, each with each.
        columns: how many columns each split of a tree looks at: all, as scikit-learn and so presumably Verma, or the
            square root of their number, drawn anew (our choice: behind an embedding, a fraction of the time).
        folds: parts of the training subjects, of which each is answered by a model of the others.
        objective: what the threshold is tuned for.
        precision: the precision that `recall_at_precision` demands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rates: tuple[float, ...] = Field(default=(0.03, 0.1), min_length=1)
    estimators: tuple[int, ...] = Field(default=(200, 100), min_length=1)
    depths: tuple[int, ...] = Field(default=(3, 2), min_length=1)
    columns: Literal["all", "sqrt"] = "all"
    folds: int = Field(default=5, ge=2)
    objective: Objective = "weighted_f1"
    precision: float = Field(default=0.9, gt=0, le=1)


class HybridHead(BaseModel):
    """Gradient boosting on action units, and on them and the network's embedding.

    All three models are fitted in any case, and runs that differ in their verdict alone share the work.

    Attributes:
        kind: names the head.
        verdict: whose answers are the run's.
        action_units: a folder below the data root with another tool's tables, `<clip>.csv`; `None`: guesses from the
            face mesh, each unit by the measure that the check on real faces chose.
        boosting: of both classifiers; its objective is also the network's threshold's.
        cross_fitting: into how many parts the training subjects are dealt. What the trees learn to read, and what the
            network's threshold is tuned on, says of each part a network that was trained on the others. `None`: the
            one network says it of all whom it learned from, the plain reading of the paper, for comparison alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hybrid"]
    verdict: Literal["units", "cnn", "hybrid"] = "hybrid"
    action_units: str | None = None
    boosting: BoostingSettings = BoostingSettings()
    cross_fitting: int | None = Field(default=2, ge=2)
