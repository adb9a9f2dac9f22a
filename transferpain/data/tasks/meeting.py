"""Raw labels meet the rule of a task, before anything is computed: what has a class, what is left out and why."""

from dataclasses import dataclass

import pandas as pd

from transferpain.core.contracts import LabelMode
from transferpain.core.errors import UserError
from transferpain.core.spelling import quoted
from transferpain.data.tasks.label_counts import NO_LABEL, Count, LabelCounts, count_rows, name_labels
from transferpain.data.tasks.rules.rule import LabelRule

SHOWN = 10
SHOWN_PROBLEMS = 3
UNCLEAR = "votes without a clear winner"


@dataclass(frozen=True)
class Meeting:
    """Rows of an index under a rule.

    Attributes:
        rule: how labels become classes.
        table: the rows, with `clip` and `subject`.
        labels: the raw label of each row, missing where it has none.
        kept: bool, false where the rule cannot tell what the label is (votes without a clear winner).
        y: Int64, the class of each row, missing where it has none.
        ignored: bool, the rows whose label the task leaves out on purpose.
    """

    rule: LabelRule
    table: pd.DataFrame
    labels: pd.Series
    kept: pd.Series
    y: pd.Series
    ignored: pd.Series

    @property
    def unnamed(self) -> pd.Series:
        """The rows, bool, whose label the rule neither names nor ignores."""
        return self.kept & self.labels.notna() & self.y.isna() & ~self.ignored

    @property
    def unlabelled(self) -> pd.Series:
        """The rows, bool, that have no label."""
        return self.kept & self.labels.isna()

    def used(self) -> pd.DataFrame:
        """Return the rows with a class, in `y`, and those without a label, numbered anew."""
        return self.table.assign(y=self.y)[self.y.notna() | self.unlabelled].reset_index(drop=True)

    def counts(self, classes: tuple[str, ...], dataset: str, sample: str) -> LabelCounts:
        """Count what each class has, what has no label, and what is left out and why."""
        of_class = [self.y.eq(number).fillna(False) for number in range(len(classes))]
        rows = [count_rows(self.table[mask], name, "class") for mask, name in zip(of_class, classes, strict=True)]
        further = [(self.unlabelled, NO_LABEL, "unlabelled"), (~self.kept, UNCLEAR, "left out")]
        for labels, mask in self._by_label(self.ignored):
            further.append((mask, f"ignored label {labels}", "left out"))
        rows += [count_rows(self.table[mask], name, use) for mask, name, use in further if mask.any()]
        return LabelCounts(dataset, sample, tuple(rows))

    def _by_label(self, chosen: pd.Series) -> list[tuple[str, pd.Series]]:
        """Return each label of the chosen rows, in words, with its rows; all in one where there are many."""
        labels = self.labels[chosen].astype(str)
        names = sorted(labels.unique())
        if len(names) > SHOWN:
            return [(name_labels(names), chosen)]
        return [(name_labels([name]), chosen & self.labels.astype(str).eq(name).fillna(False)) for name in names]


def meet(rule: LabelRule, table: pd.DataFrame, label_mode: LabelMode) -> Meeting:
    """Read the labels of rows by a rule.

    Args:
        table: rows of the index with the rule's columns, `clip` and `subject`.
        label_mode: how votes become labels.
    """
    labels, kept = rule.raw_labels(table, label_mode)
    y = rule.classify(labels).where(kept)
    ignored = kept & labels.notna() & y.isna() & rule.ignores(labels)
    return Meeting(rule, table, labels, kept, y, ignored.fillna(False).astype(bool))


def check_meeting(
    meeting: Meeting, counts: LabelCounts, task: str, may_lack: bool, problems: tuple[str, ...] = ()
) -> None:
    """Refuse labels that no rule names, and rules that no label meets.

    Args:
        task: its name.
        may_lack: whether a rule without a label is allowed, as on a twin, which may be smaller than what it stands for.
        problems: of the index; the clips that it left out may have the labels that are missing.

    Raises:
        UserError: with each of them, the nearest spelling, and the counts.
    """
    unnamed = meeting.labels[meeting.unnamed].astype(str)
    unmet = [] if may_lack else meeting.rule.unmet(meeting.labels[meeting.kept])
    if unnamed.empty and not unmet:
        return
    lines = [_unnamed_line(meeting, label, counts.sample) for label in unnamed.value_counts(sort=False).index[:SHOWN]]
    rest = unnamed.nunique() - len(lines)
    lines += [f"and {rest} more labels"] if rest > 0 else []
    lines += [f"{name} is named by the task, and no {counts.sample} has it" for name in unmet]
    lines += [f"of the data: {problem}" for problem in problems[:SHOWN_PROBLEMS]] if unmet else []
    raise UserError(
        f"The labels of {counts.dataset} and the task {task} do not meet.",
        rule=f"Each label in the column {meeting.rule.column} has a class, or stands under `ignore` of the task; and "
        "each label that the task names is there.",
        received="\n  ".join([*lines, counts.sentence()]),
        todo=_todo(unnamed, unmet),
    )


def _unnamed_line(meeting: Meeting, label: str, sample: str) -> str:
    rows = meeting.table[meeting.unnamed & meeting.labels.astype(str).eq(label).fillna(False)]
    count: Count = count_rows(rows, label, "left out")
    amount = f"{count.samples} {sample}s" + ("" if sample == "clip" else f" in {count.clips} clips")
    said = "; ".join(filter(None, [f"{amount} of {count.subjects} subjects", meeting.rule.hint(label)]))
    return f"{quoted(label)} is not named by the task ({said})"


def _todo(unnamed: pd.Series, unmet: list[str]) -> str:
    ways = ["Correct the labels or the task."]
    if not unnamed.empty:
        example = ", ".join(quoted(label) for label in dict.fromkeys(unnamed.iloc[:3]))
        ways.append(f"To leave such clips out, write into the dataset's rule of the task: ignore: [{example}]")
    if unmet:
        ways.append(
            "Where the data need not have a label, list it under `absent` of a mapping or of votes, or write null for "
            "its span among bins."
        )
    return " ".join(ways)
