"""How the raw labels of a dataset meet a task: what each class has, and what is left out and why."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

SHOWN_LABELS = 10
NO_LABEL = "no label"
# What is done with the clips: they have a class, they have no label and can only be predicted, or they are left out.
Use = Literal["class", "unlabelled", "left out"]


@dataclass(frozen=True)
class Count:
    """How much of a dataset has one class, or is left out for one reason.

    Attributes:
        name: the class, or the reason in words.
        use: whether it is learned from and scored.
        samples: what is predicted: clips or frames.
        clips: the clips that they are, or are frames of.
        subjects: the people in them.
    """

    name: str
    use: Use
    samples: int
    clips: int
    subjects: int


@dataclass(frozen=True)
class LabelCounts:
    """The counts of one dataset under a task.

    Attributes:
        dataset: its name.
        sample: what one prediction is about, `clip` or `frame`.
        rows: the classes in their order, then what has no label, then what is left out.
    """

    dataset: str
    sample: str
    rows: tuple[Count, ...]

    def facts(self) -> dict[str, Any]:
        """Return the counts as JSON types."""
        return asdict(self) | {"rows": [asdict(row) for row in self.rows]}

    def sentence(self) -> str:
        """Return the counts in one line."""
        return f"labels of {self.dataset}: " + "; ".join(self._words(row) for row in self.rows)

    def _words(self, row: Count) -> str:
        clips = f"{row.clips} clips of {row.subjects} subjects"
        amount = clips if self.sample == "clip" else f"{row.samples} {self.sample}s in {clips}"
        return f"{'left out, ' if row.use == 'left out' else ''}{row.name}: {amount}"


COLUMNS = ["dataset", "label", "samples", "clips", "subjects"]


def table_rows(counts: Iterable[LabelCounts]) -> list[list[str]]:
    """Return the counts of several datasets as text, by `COLUMNS`."""
    return [
        [
            one.dataset,
            f"left out: {row.name}" if row.use == "left out" else row.name,
            f"{row.samples} {one.sample}s",
            str(row.clips),
            str(row.subjects),
        ]
        for one in counts
        for row in one.rows
    ]


def count_rows(table: pd.DataFrame, name: str, use: Use) -> Count:
    """Return the count of some rows, which have `clip` and `subject`."""
    return Count(name, use, len(table), int(table["clip"].nunique()), int(table["subject"].nunique()))


def name_labels(labels: Iterable[str]) -> str:
    """Return labels in words, no more than ten."""
    named = [f"`{label}`" for label in labels]
    rest = len(named) - SHOWN_LABELS
    return ", ".join(named[:SHOWN_LABELS]) + (f" and {rest} more" if rest > 0 else "")
