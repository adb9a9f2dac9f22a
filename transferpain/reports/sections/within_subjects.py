"""What a run does within subjects: the AUC among each subject's own clips, and the subject it serves worst."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import UNDEFINED, number
from transferpain.evaluation.within_subjects import FEWEST_COMPARED, within_subject_area, worst_subject
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, cells_or_reasons, marks, with_bounds

NOTE = (
    "Of the subjects who have every class. The pooled AUC also ranks the clips of one subject, and of one fold, "
    "against those of another; the AUC within subjects is the mean of what it is among each subject's own clips. In "
    "brackets: 95 % interval over those subjects; how often it holds the truth was not simulated. Worst subject: the "
    "lowest balanced accuracy, mean over seeds. Of many subjects with few clips each the lowest is low by chance alone."
)
TOO_FEW = f"{FEWEST_COMPARED} subjects with clips of every class are the fewest that are compared"
AREAS = {"auc": "AUC, pooled", "within_auc": "AUC within subjects"}
COLUMNS = {
    "run": "Run",
    **AREAS,
    "subjects": "Subjects",
    "worst_subject": "Worst subject",
    "worst_balanced_accuracy": "Its balanced accuracy",
    "worst_clips": "Its clips",
}


def build(report: ReportFacts) -> Section | None:
    """Return one row per run; `None` where no run has a label and subjects whom its data tell apart."""
    runs = [run for run in report.scored if run.scores["has_subjects"]]
    if not runs:
        return None
    table = within_subjects(runs)
    title = "Within subjects"
    shown = Table("within_subjects", table, within_subjects_as_text(table), title, NOTE)
    return Section(title=title, tables=(shown,), folded=True)


def within_subjects(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return one row per run: both areas with their intervals, of how many subjects, and who is served worst."""
    rows = []
    for run in runs:
        area, subjects = within_subject_area(run.predictions)
        worst = worst_subject(run.predictions)
        within = {ending: getattr(area, key) for ending, key in BOUNDS.items()}
        row = {"run": run.name, **with_bounds("auc", run.scores["all"]["auc"])}
        row |= {f"within_auc{ending}": value for ending, value in within.items()} | {"subjects": subjects}
        row |= {
            "worst_subject": worst.subject if worst else None,
            "worst_balanced_accuracy": worst.balanced_accuracy if worst else None,
            "worst_clips": worst.clips if worst else None,
        }
        rows.append(row | marks(run))
    return pd.DataFrame(rows).astype({"worst_clips": "Int64"})


def within_subjects_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as text, with the reason where something is not defined."""
    text = table[["run"]].copy()
    for name in AREAS:
        text[name] = cells_or_reasons(table, name)
    text["subjects"] = table["subjects"].astype(str)
    text["worst_subject"] = table["worst_subject"].fillna(f"{UNDEFINED} [{TOO_FEW}]")
    text["worst_balanced_accuracy"] = table["worst_balanced_accuracy"].map(number)
    text["worst_clips"] = [UNDEFINED if pd.isna(count) else str(count) for count in table["worst_clips"]]
    return text.rename(columns=COLUMNS)


WITHIN_SUBJECTS = ReportSection("within-subjects", "report", build)
