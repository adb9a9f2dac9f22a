"""What a rule is: from the raw labels of one dataset to what a task predicts."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict

from transferpain.core.contracts import LabelMode


def _label_text(value: Any) -> Any:
    """Return a label as text, as data hold it; a number of a YAML file counts as it is written there."""
    return str(value) if type(value) in (int, float) else value


RawLabel = Annotated[str, BeforeValidator(_label_text)]


# What changes no class of a clip.
WORDS = {"definition", "ignore", "absent"}


class LabelRule(BaseModel, ABC):
    """How the raw labels of one dataset become what a task predicts; its field `name` holds the rule's own values.

    Attributes:
        name: as in the registry, and the key of a task file that names this rule.
        column: the column of raw labels in the index.
        definition: what the label means, for reports.
        ignore: labels whose clips are left out on purpose. Any other label that the rule does not name is a mistake.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    column: str
    definition: str = ""
    ignore: tuple[RawLabel, ...] = ()

    @property
    @abstractmethod
    def reached(self) -> set[int]:
        """The class indices that a label can have."""

    @abstractmethod
    def check(self, classes: tuple[str, ...], ordinal: bool) -> None:
        """Refuse, by `ValueError`, a rule that does not lead to the classes of its task, and to no other."""

    @abstractmethod
    def classify(self, labels: pd.Series) -> pd.Series:
        """Return what each raw label means, missing where the label is missing or not named by the rule.

        Of a rule of classes it is the class index, Int64.
        """

    @abstractmethod
    def describe(self) -> str:
        """Return the labels that the rule names, in words."""

    def unmet(self, labels: pd.Series) -> list[str]:
        """Return what the rule names, in words, that no label meets, though it should."""
        return []

    def hint(self, label: str) -> str:
        """Return what is wrong with a label that the rule does not name, in a few words; "" where nobody can say."""
        return ""

    def ignores(self, labels: pd.Series) -> pd.Series:
        """Tell of each label, bool, whether it is left out on purpose."""
        return labels.astype("object").isin(self.ignore)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the index that the rule reads."""
        return (self.column,)

    def raw_labels(self, table: pd.DataFrame, label_mode: LabelMode) -> tuple[pd.Series, pd.Series]:
        """Return the raw label of each row, and whether the row is kept, bool.

        Args:
            table: rows of the index with `columns`.
            label_mode: how votes become labels, where the labels are votes.
        """
        return table[self.column], pd.Series(True, index=table.index)

    def targets(self, table: pd.DataFrame, classes: int, label_mode: LabelMode) -> np.ndarray:
        """Return what a loss learns from, float32 `(rows, classes)`; zeros where a row is unlabelled.

        Args:
            table: rows of `label_clips` made with the same label mode.
            classes: how many there are.
            label_mode: as for `raw_labels`.
        """
        targets = np.zeros((len(table), classes), dtype=np.float32)
        labelled = table["y"].notna().to_numpy()
        targets[labelled, table["y"][labelled].to_numpy(dtype=np.int64)] = 1
        return targets

    def facts(self) -> dict[str, Any]:
        """Return what enters the task's hash: what decides over a class, as JSON types."""
        return self.model_dump(mode="json", exclude=WORDS)
