"""Calibration slope and intercept of every run, class by class."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.recalibration import recalibrate, recalibrated_classes
from transferpain.evaluation.resampling import read_answers
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, cells_or_reasons, marks

NOTE = (
    "Logistic regression of being of the class on the log odds that the run states, against the rest; of two classes "
    "for the second. Slope: 1 is right, below 1 the probabilities are too extreme, above 1 too cautious. Intercept, at "
    "a slope of 1: 0 is right, above 0 the class is stated too rarely. A probability of 0 or 1 counts as what float32 "
    "can just tell from it. In brackets: 95 % interval over subjects; how often it holds the truth was not simulated."
)
FIGURES = {"slope": "Calibration slope", "intercept": "Calibration intercept"}


def build(report: ReportFacts) -> Section | None:
    """Return slope and intercept of each run's classes; `None` where no run has labels of two classes."""
    table = recalibration(report.scored)
    if not len(table):
        return None
    title = "Calibration slope and intercept"
    shown = Table("recalibration", table, recalibration_as_text(table), title, NOTE, text_columns=2)
    return Section(title=title, tables=(shown,), folded=True)


def recalibration(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return one row per run and class, with `<figure>`, `_low`, `_high` and `_reason` of slope and intercept."""
    rows = []
    for run in runs:
        answers = read_answers(run.predictions)
        for number in recalibrated_classes(answers):
            row = {"run": run.name, "class": run.classes[number]}
            for name, found in zip(FIGURES, recalibrate(answers, number), strict=True):
                row |= {name + ending: getattr(found, key) for ending, key in BOUNDS.items()}
            rows.append(row | marks(run))
    return pd.DataFrame(rows)


def recalibration_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return slope and intercept as text, with the reason where there is none."""
    text = table[["run", "class"]].copy()
    for name in FIGURES:
        text[name] = cells_or_reasons(table, name)
    return text.rename(columns={"run": "Run", "class": "Class", **FIGURES})


RECALIBRATION = ReportSection("recalibration", "report", build)
