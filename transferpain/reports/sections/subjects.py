"""The scores of each subject of a run: a mean hides whom it fails."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import number
from transferpain.evaluation.metrics.registry import OF_SUBJECTS
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES


def build(run: RunFacts) -> Section | None:
    """Return the scores by subject, not shown where the data name none; `None` without a label."""
    if run.scores["all"] is None:
        return None
    table = per_subject(run)
    text = per_subject_as_text(table) if len(table) else None
    shown = Table("subjects", table, text, f"Scores by subject of {run.name}")
    return Section(title=f"Scores by subject ({len(table)})", tables=(shown,), folded=True)


def per_subject(run: RunFacts) -> pd.DataFrame:
    """Return the scores of each subject, means over seeds."""
    columns = ["run", "subject", "clips", "coverage", *OF_SUBJECTS]
    return pd.DataFrame([{"run": run.name, **row} for row in run.scores["per_subject"]], columns=columns)


def per_subject_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the subjects as text, without the run's name."""
    text = table[["subject"]].copy()
    text["clips"] = table["clips"].astype(str)
    for column in ("coverage", *OF_SUBJECTS):
        text[column] = table[column].map(number)
    return text.rename(columns=TITLES | {"subject": "Subject"})


SUBJECTS = ReportSection("subjects", "run", build)
