"""The scores of ordered levels: how far the predicted and the expected level are from the label."""

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.metrics.levels import EXPECTED
from transferpain.evaluation.metrics.registry import metrics_of
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES, cells, marks, scored_counts, undefined, with_bounds

# What is held against the label, and the ending of its scores' names.
ANSWERS = {"predicted level": "", "expected level": EXPECTED}
NOTE = Markup(
    "The classes are ordered, and a class's number is its level. MAE: mean absolute error in levels. ICC(3,1): two-way "
    "mixed, consistency, single rater, of label and answer. Quadratic kappa: Cohen's kappa with quadratic weights; it "
    "needs classes, so the expected level, the sum of <em>p</em><sub>k</sub> &times; <em>k</em>, has none. PCC: "
    "Pearson's correlation coefficient. All are pooled over folds, then scored."
)


def build(report: ReportFacts) -> Section | None:
    """Return the scores of ordered levels; `None` where no labelled run has any."""
    table = levels(report.scored)
    if not len(table):
        return None
    shown = Table(
        name="ordinal",
        numbers=table,
        text=levels_as_text(table),
        caption="Scores of the ordered levels",
        note=NOTE,
        latex="Scores of the ordered levels with 95 % intervals over subjects.",
        text_columns=3,
    )
    entries = (
        (run, name, scores["ordinal"][name])
        for run, _, scores in scored_counts(report.scored)
        if scores["ordinal"]
        for name in metrics_of("levels")
    )
    return Section(title="Ordered levels", tables=(shown,), notes=undefined(entries), folded=True)


def levels(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return one row per run and answer, none for a run whose classes are not ordered.

    The answers are the predicted level and the expected one, which has no kappa: it is no class.
    """
    rows = []
    for run, counted, scores in scored_counts(runs):
        for answer, ending in ANSWERS.items() if scores["ordinal"] else ():
            row = {"run": run.name, "counted": counted, "answer": answer}
            for metric in _of_predicted_level():
                row |= with_bounds(metric, scores["ordinal"].get(metric + ending))
            rows.append(row | marks(run))
    return pd.DataFrame(rows)


def levels_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of ordered levels as text."""
    text = table[["run", "counted", "answer"]].copy()
    for metric in _of_predicted_level():
        text[metric] = cells(table, metric)
    return text.rename(columns=TITLES | {"answer": "Answer"})


def _of_predicted_level() -> list[str]:
    return [name for name in metrics_of("levels") if not name.endswith(EXPECTED)]


LEVELS = ReportSection("levels", "report", build)
