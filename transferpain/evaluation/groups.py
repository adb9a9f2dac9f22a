"""Scores by sex and age, where the data state them."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.csv_file import as_written, write_csv
from transferpain.evaluation.predictions import labelled_rows
from transferpain.evaluation.statistics import score_subjects

SUBJECT = ["dataset", "subject"]
STATED = ("sex", "age")
SEXES = {"m": "men", "w": "women", "f": "women", "x": "other"}
AGE_BANDS = {"under 18": (0, 17), "18-35": (18, 35), "36-50": (36, 50), "51+": (51, 150)}
COLUMNS = ["by", "group", "subjects", "clips", "balanced_accuracy", "low", "high", "reason"]
FILE = "subjects.csv"
NOT_STATED = "not stated"


def write_subjects(run_folder: Path, clips: pd.DataFrame) -> None:
    """Write sex and age of each subject into a run's folder; no file where the data state neither.

    What two clips of a subject state differently is left out.

    Args:
        run_folder: where `subjects.csv` goes.
        clips: rows of an index: dataset, subject, and `sex` or `age` where they are stated.
    """
    stated = [column for column in STATED if column in clips and clips[column].notna().any()]
    if not stated:
        return
    by_subject = clips.groupby(SUBJECT)[stated]
    subjects = by_subject.first().where(by_subject.nunique() == 1).reset_index()
    write_csv(run_folder / FILE, subjects)


def read_subjects(run_folder: Path) -> pd.DataFrame | None:
    """Read `subjects.csv` of a run's folder; `None` where the data state neither sex nor age."""
    path = run_folder / FILE
    if not path.is_file():
        return None
    text = {"dataset": str, "subject": str, "sex": str}
    subjects = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"age": ""})
    return subjects.assign(**{column: subjects[column].map(as_written) for column in SUBJECT})


def score_groups(predictions: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Score each group of tested subjects.

    Args:
        predictions: the table of a run.
        subjects: one row per subject: dataset, subject, and `sex` or `age`.

    Returns:
        The columns `COLUMNS`, one row per group with a labelled clip: `by` ("sex" or "age"), `group`, and the balanced
        accuracy with its 95 % interval over the group's subjects, NaN where there is none, for the `reason`. Subjects
        of whom nothing is stated are the group "not stated".
    """
    labelled = labelled_rows(predictions)
    groups = pd.DataFrame({column: name_groups(subjects[column]) for column in STATED if column in subjects})
    table = labelled[SUBJECT].astype(str).merge(subjects[SUBJECT].astype(str).join(groups), on=SUBJECT, how="left")
    rows = []
    for column in groups:
        of_row = table[column].fillna(NOT_STATED).to_numpy()
        for group in group_order(column, of_row):
            part = labelled[of_row == group]
            interval = score_subjects(part, ("balanced_accuracy",))["balanced_accuracy"]
            people = part[SUBJECT].drop_duplicates()
            clips = part[[*SUBJECT, "clip"]].drop_duplicates()
            counts = (len(people), len(clips))
            rows.append((column, group, *counts, interval.value, interval.low, interval.high, interval.reason))
    return pd.DataFrame(rows, columns=COLUMNS)


def name_groups(values: pd.Series) -> pd.Series:
    """Return the group of each subject: men or women, a band of ages, or "not stated"."""
    if values.name == "sex":
        text = values.astype("string").str.strip()
        return text.str.lower().map(SEXES).fillna(text).replace("", pd.NA).fillna(NOT_STATED)
    ages = pd.to_numeric(values, errors="coerce").astype("Float64")
    named = pd.Series(NOT_STATED, index=values.index)
    for name, (lowest, highest) in AGE_BANDS.items():
        named[ages.between(lowest, highest + 1, inclusive="left").fillna(False)] = name
    return named


def group_order(by: str, found: np.ndarray) -> list[str]:
    """Return the groups that occur: ages ascending, sexes by name, "not stated" last."""
    known = list(AGE_BANDS) if by == "age" else sorted(set(found) - {NOT_STATED})
    return [name for name in [*known, NOT_STATED] if name in set(found)]
