"""What tuning adds to a report: action units learned beside pain, and how much of its source's task is forgotten."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.strategies.common.finished import fold_files, read_experiment, read_fold_table
from transferpain.strategies.common.stated import StatedExperiment, unusable
from transferpain.strategies.fine_tuning.units_section import units_section

FORGETTING = "forgetting.csv"


class TunedExperiment(StatedExperiment):
    """`experiment.yaml` of a run whose source was probed."""

    name: str
    source: str


def tuning_section(run: Path) -> Section | None:
    """Return all that tuning adds of a run's folder; `None` where it adds nothing."""
    parts = [part for part in (units_section(run), forgetting_section(run)) if part is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    notes = tuple(note for part in parts for note in part.notes)
    return Section(title="Tuning", sections=tuple(replace(part, notes=()) for part in parts), notes=notes)


def forgetting_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` where the source was not probed."""
    files = fold_files(run, FORGETTING)
    if not files:
        return None
    experiment = read_experiment(run, TunedExperiment)
    kinds = {"text": ("fold",), "numbers": ("balanced_accuracy", "rows"), "marks": ("tuned",)}
    tables = {path: read_fold_table(path, **kinds) for path in files.values()}
    for path, probed in tables.items():
        if set(probed["tuned"]) != {False, True}:
            raise unusable(path, "the column `tuned`: a row before tuning and one after it are meant")
    scores = pd.concat(tables.values(), ignore_index=True)
    table = scores.assign(run=experiment["name"])[["run", *scores.columns]]
    before, after = scores.groupby("tuned")["balanced_accuracy"].mean()
    note = (
        f"Forgetting: on the task of its source ({experiment['source']}, {scores['rows'].iloc[0]} test rows) the "
        f"network has a balanced accuracy of {before:.3f} before tuning and {after:.3f} with its tuned layers put "
        "back, a mean over folds and seeds."
    )
    return Section(title="Forgetting", tables=(Table("forgetting", table),), notes=(note,))
