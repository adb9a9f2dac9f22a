"""The scores of each class of a run."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import number
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES

COLUMNS = {"class": "Class", "precision": "Precision", "recall": "Recall", "f1": "F1", "support": "Clips"}


def build(run: RunFacts) -> Section | None:
    """Return the scores by class; `None` without a label."""
    if run.scores["all"] is None:
        return None
    table = per_class(run)
    shown = Table("classes", table, per_class_as_text(table), f"Scores by class of {run.name}")
    return Section(title="Scores by class", tables=(shown,))


def per_class(run: RunFacts) -> pd.DataFrame:
    """Return precision, recall, F1 and one-v-rest AUC of each class over all clips, means over seeds."""
    scores = run.scores["all"]["per_class"]
    return pd.DataFrame([{"run": run.name, "class": name, **scores[name]} for name in run.classes])


def per_class_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the classes as text, without the run's name."""
    text = table[["class"]].copy()
    for column in ("precision", "recall", "f1", "auc"):
        text[column] = table[column].map(number)
    text["support"] = table["support"].astype(str)
    return text.rename(columns=TITLES | COLUMNS)


CLASSES = ReportSection("classes", "run", build)
