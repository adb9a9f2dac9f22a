"""Classes by name: each raw label that is used has its class."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import pandas as pd

from transferpain.core.spelling import nearest, plain
from transferpain.data.tasks.rules.rule import LabelRule, RawLabel


class NamedLabels(LabelRule):
    """A rule that names raw labels.

    Attributes:
        absent: labels that it names and that the data may lack; any other that no clip has is a mistake.
    """

    absent: tuple[RawLabel, ...] = ()

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
        if both := [name for name in self.ignore if name in self.class_of]:
            raise ValueError(f"ignore: `{both[0]}` has a class")
        if other := [name for name in self.absent if name not in self.class_of]:
            raise ValueError(f"absent: `{other[0]}` is not among the labels that have a class")

    def classify(self, labels: pd.Series) -> pd.Series:
        """Return the class of each raw label, Int64; missing where the label is missing or not named."""
        return labels.map(self.class_of).astype("Int64")

    def describe(self) -> str:
        """Return the labels in words."""
        return f"{', '.join(self.class_of)} in the column {self.column}"

    def unmet(self, labels: pd.Series) -> list[str]:
        """Return the named labels that no clip has, but for those that may be absent."""
        there = set(labels.dropna())
        return [f"`{name}`" for name in self.class_of if name not in there and name not in self.absent]

    def hint(self, label: str) -> str:
        """Return the label that may be meant."""
        near = nearest(label, [*self.class_of, *self.ignore])
        if near is None:
            return ""
        return f"`{near}` is another spelling of it" if plain(near) == plain(label) else f"did you mean `{near}`?"


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
