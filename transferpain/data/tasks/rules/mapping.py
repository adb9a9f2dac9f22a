"""Classes by name: each raw label that is used has its class."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import pandas as pd

from transferpain.data.tasks.rules.rule import LabelRule


class NamedLabels(LabelRule):
    """A rule that names raw labels."""

    @property
    @abstractmethod
    def class_of(self) -> Mapping[str, int]:
        """Raw label -> class index."""

    @property
    def reached(self) -> set[int]:
        """The class indices that a label can have."""
        return set(self.class_of.values())

    def check(self, classes: tuple[str, ...], ordinal: bool) -> None:
        """Refuse names that do not reach each of the classes, and two at least."""
        if max(self.reached, default=-1) + 1 != len(classes) or min(self.reached, default=-1) < 0:
            raise ValueError(f"must lead to the {len(classes)} classes, and to no other")
        if len(self.reached) < len(classes):
            raise ValueError(f"{self.name} must reach each of the {len(classes)} classes")
        if len(self.reached) < 2:
            raise ValueError("must reach two classes at least")

    def classify(self, labels: pd.Series) -> pd.Series:
        """Return the class of each raw label, Int64; missing where the label is missing or not named."""
        return labels.map(self.class_of).astype("Int64")

    def describe(self) -> str:
        """Return the labels in words."""
        return f"{', '.join(self.class_of)} in the column {self.column}"


class MappingRule(NamedLabels):
    """Classes by name.

    Attributes:
        mapping: raw label -> class index.
    """

    name: ClassVar[str] = "mapping"
    mapping: dict[str, int]

    @property
    def class_of(self) -> Mapping[str, int]:
        """Raw label -> class index."""
        return self.mapping
