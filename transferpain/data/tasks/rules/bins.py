"""Classes by value: each is a span of numbers."""

import math
import re
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import AfterValidator, model_validator

from transferpain.core.spelling import DECIMAL_COMMA
from transferpain.data.tasks.rules.rule import LabelRule, RawLabel

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def _check_bin(span: tuple[float, float]) -> tuple[float, float]:
    if not (span[0] <= span[1] and math.isfinite(span[1] - span[0])):
        raise ValueError(f"bins: each is [lowest, highest], received {list(span)}")
    return span


def as_numbers(labels: pd.Series) -> pd.Series:
    """Return labels as numbers, Float64; missing where one is missing, or is no finite number with a decimal point."""
    if pd.api.types.is_numeric_dtype(labels):
        return labels.astype("Float64")
    numbers = [_as_number(label) for label in labels]
    return pd.Series(pd.array(numbers, dtype="Float64"), index=labels.index)


def _as_number(label: Any) -> float | None:
    if pd.isna(label) or not NUMBER.fullmatch(str(label)):
        return None
    value = float(label)
    return value if math.isfinite(value) else None


def _in_words(one: str | tuple[float, float]) -> str:
    return one if isinstance(one, str) else f"[{one[0]:g}, {one[1]:g}]"


Bin = Annotated[tuple[float, float], AfterValidator(_check_bin)]


class BinsRule(LabelRule):
    """Classes by value.

    Attributes:
        bins: lowest and highest value of each class, both included, in the order of the classes; `None` for a class
            that no label of this dataset reaches.
        ignore: numbers, or texts, and `[lowest, highest]` of a span: their clips are left out on purpose.
    """

    name: ClassVar[str] = "bins"
    bins: tuple[Bin | None, ...]
    ignore: tuple[RawLabel | Bin, ...] = ()

    @model_validator(mode="after")
    def _check_apart(self) -> "BinsRule":
        if any(above[0] <= below[1] for below, above in pairwise(sorted(filter(None, self.bins)))):
            raise ValueError("bins: they must not overlap")
        for one in self.ignore:
            value = _as_number(one) if isinstance(one, str) else None
            for low, high in filter(None, self.bins):
                # Spans may end where a class begins.
                between = isinstance(one, tuple) and one[0] < high and low < one[1]
                if between or (value is not None and low <= value <= high):
                    raise ValueError(f"ignore: {_in_words(one)} has values of the class of {low:g} to {high:g}")
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
        values = as_numbers(labels)
        classes = pd.Series(pd.NA, index=labels.index, dtype="Int64")
        for number, span in enumerate(self.bins):
            if span:
                classes[values.between(*span).fillna(False)] = number
        return classes

    def describe(self) -> str:
        """Return the spans in words."""
        named = [f"{low:g} to {high:g}" for low, high in filter(None, self.bins)]
        return f"{', '.join(named)} in the column {self.column}"

    def unmet(self, labels: pd.Series) -> list[str]:
        """Return the spans that no label lies in."""
        values = as_numbers(labels)
        return [f"{low:g} to {high:g}" for low, high in filter(None, self.bins) if not values.between(low, high).any()]

    def hint(self, label: str) -> str:
        """Return why a label lies in no span."""
        if DECIMAL_COMMA.fullmatch(label):
            return "a decimal comma: write a point"
        return "in no span" if _as_number(label) is not None else "no number"

    def ignores(self, labels: pd.Series) -> pd.Series:
        """Tell of each label, bool, whether it is left out on purpose; numbers are compared by their value."""
        ignored, values = labels.astype("object").isin([one for one in self.ignore if isinstance(one, str)]), None
        for one in self.ignore:
            value = _as_number(one) if isinstance(one, str) else None
            span = one if value is None else (value, value)
            if isinstance(span, tuple):
                values = as_numbers(labels) if values is None else values
                ignored |= values.between(*span).fillna(False).astype(bool)
        return ignored & self.classify(labels).isna()
