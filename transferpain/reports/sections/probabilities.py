"""The scores of the probabilities: AUC, log loss, Brier score and calibration error."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.metrics.registry import metrics_of
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES, cells, marks, scored_counts, undefined, with_bounds

NOTE = (
    "AUC: area under the ROC curve, of several classes the mean of one against the rest over those that occur; the "
    "others: lower is better. Log loss: natural logarithm. Brier score: squared errors of all classes, summed: 0 to 2. "
    "Calibration error: expected gap between confidence and accuracy over 15 bins of equal width; no interval, because "
    "the fewer clips there are, the more chance alone adds to it."
)


def build(report: ReportFacts) -> Section | None:
    """Return the scores of the probabilities; `None` without a label in any run."""
    table = probabilities(report.scored)
    if not len(table):
        return None
    shown = Table(
        name="probabilities",
        numbers=table,
        text=probabilities_as_text(table),
        caption="Scores of the probabilities",
        note=NOTE,
        latex="Scores of the probabilities with 95 % intervals over subjects.",
        text_columns=2,
    )
    names = metrics_of("probabilities")
    notes = undefined((run, name, scores[name]) for run, _, scores in scored_counts(report.scored) for name in names)
    return Section(title="Probabilities", tables=(shown,), notes=notes, folded=True)


def probabilities(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return each metric of the probabilities: rows and columns as in the results."""
    rows = []
    for run, counted, scores in scored_counts(runs):
        row = {"run": run.name, "counted": counted}
        for metric in metrics_of("probabilities"):
            row |= with_bounds(metric, scores[metric])
        rows.append(row | marks(run))
    return pd.DataFrame(rows)


def probabilities_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the probabilities as text."""
    text = table[["run", "counted"]].copy()
    for metric in metrics_of("probabilities"):
        text[metric] = cells(table, metric)
    return text.rename(columns=TITLES)


PROBABILITIES = ReportSection("probabilities", "report", build)
