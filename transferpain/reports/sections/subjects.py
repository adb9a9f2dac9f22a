"""The scores of each subject of a run: a mean hides whom it fails."""

import numpy as np
import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import number
from transferpain.evaluation.metrics.levels import EXPECTED, levels_statistic
from transferpain.evaluation.metrics.registry import METRICS, OF_SUBJECTS
from transferpain.evaluation.resampling import confusions_by_subject, read_answers
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES

# Of the expected level, for tasks with ordered levels.
OF_LEVELS = ("mae", "mse", "icc", "pcc", "ccc")


def build(run: RunFacts) -> Section | None:
    """Return the scores by subject, not shown where the data name none; `None` without a label."""
    if run.scores["all"] is None:
        return None
    table = per_subject(run)
    text = per_subject_as_text(table) if len(table) else None
    shown = Table("subjects", table, text, f"Scores by subject of {run.name}")
    return Section(title=f"Scores by subject ({len(table)})", tables=(shown,), folded=True)


def per_subject(run: RunFacts) -> pd.DataFrame:
    """Return the scores of each subject, means over seeds; of more than two ordered levels those of the number, too."""
    columns = ["run", "subject", "clips", "coverage", *OF_SUBJECTS]
    table = pd.DataFrame([{"run": run.name, **row} for row in run.scores["per_subject"]], columns=columns)
    if not len(table) or not run.facts.get("ordinal") or len(run.classes) < 3:
        return table
    return table.merge(of_levels(run.predictions), on="subject", how="left", validate="one_to_one")


def of_levels(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the expected level of each subject, means over seeds; NaN where one is not defined."""
    answers, (names, _) = read_answers(predictions), confusions_by_subject(predictions)
    scores = levels_statistic(answers)(np.eye(answers.subjects))
    found = {name + EXPECTED: scores[name + EXPECTED].mean(axis=-1) for name in OF_LEVELS}
    return pd.DataFrame({"subject": names, **found})


def per_subject_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the subjects as text, without the run's name."""
    text = table[["subject"]].copy()
    text["clips"] = table["clips"].astype(str)
    for column in ("coverage", *OF_SUBJECTS):
        text[column] = table[column].map(number)
    of_number = {name + EXPECTED: f"{METRICS[name].title} of the number" for name in OF_LEVELS}
    for column in filter(table.columns.__contains__, of_number):
        text[column] = table[column].map(number)
    return text.rename(columns=TITLES | of_number | {"subject": "Subject"})


SUBJECTS = ReportSection("subjects", "run", build)
