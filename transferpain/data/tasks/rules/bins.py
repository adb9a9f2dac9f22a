"""Classes by value: each is a span of numbers."""

from itertools import pairwise
from typing import Annotated, ClassVar

import pandas as pd
from pydantic import AfterValidator, model_validator

from transferpain.data.tasks.rules.rule import LabelRule


def _check_bin(span: tuple[float, float]) -> tuple[float, float]:
    if not span[0] <= span[1]:
        raise ValueError(f"bins: each is [lowest, highest], received {list(span)}")
    return span


Bin = Annotated[tuple[float, float], AfterValidator(_check_bin)]


class BinsRule(LabelRule):
    """Classes by value.

    Attributes:
        bins: lowest and highest value of each class, both included, in the order of the classes; `None` for a class
            that no label of this dataset reaches.
    """

    name: ClassVar[str] = "bins"
    bins: tuple[Bin | None, ...]

    @model_validator(mode="after")
    def _check_apart(self) -> "BinsRule":
        if any(above[0] <= below[1] for below, above in pairwise(sorted(filter(None, self.bins)))):
            raise ValueError("bins: they must not overlap")
        return self

    @property
    def reached(self) -> set[int]:
        """The class indices that a label can have."""
        return {number for number, span in enumerate(self.bins) if span}

    def check(self, classes: tuple[str, ...], ordinal: bool) -> None:
        """Refuse another number of bins than of classes, fewer than two that are reached, and a wrong order."""
        if len(self.bins) != len(classes) or not self.reached:
            raise ValueError(f"must lead to the {len(classes)} classes, and to no other")
        spans = [span for span in self.bins if span]
        if ordinal and spans != sorted(spans):
            raise ValueError("the bins of ordered classes must ascend")
        if len(self.reached) < 2:
            raise ValueError("must reach two classes at least")

    def classify(self, labels: pd.Series) -> pd.Series:
        """Return the class of each number, Int64; missing where it is missing, no number, or in no bin."""
        values = pd.to_numeric(labels, errors="coerce").astype("Float64")
        classes = pd.Series(pd.NA, index=labels.index, dtype="Int64")
        for number, span in enumerate(self.bins):
            if span:
                classes[values.between(*span).fillna(False)] = number
        return classes

    def describe(self) -> str:
        """Return the spans in words."""
        named = [f"{low:g} to {high:g}" for low, high in filter(None, self.bins)]
        return f"{', '.join(named)} in the column {self.column}"
