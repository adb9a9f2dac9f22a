"""What nested selection adds to a report: the candidates' scores on inner folds, and which of them was chosen."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import number
from transferpain.strategies.common.finished import fold_files, read_experiment, read_fold_table
from transferpain.strategies.common.stated import StatedExperiment, StatedProtocol
from transferpain.strategies.frozen.nested import CANDIDATES

SCORES = ["loss", "balanced_accuracy"]
TITLES = {
    "training": "Training",
    "candidate": "Candidate",
    "loss": "Loss",
    "balanced_accuracy": "Balanced accuracy",
    "inner_folds": "Inner folds",
    "chosen": "Chosen",
}


class NestedProtocol(StatedProtocol):
    """The protocol of a run with nested selection."""

    selection_rule: str


class NestedExperiment(StatedExperiment):
    """`experiment.yaml` of such a run."""

    name: str
    protocol: NestedProtocol


def joint_section(sections: Sequence[Section | None]) -> Section | None:
    """Return the one section that there is, or one of them all, which says their notes at the head of the run."""
    there = [section for section in sections if section is not None]
    if len(there) < 2:
        return there[0] if there else None
    notes = tuple(note for section in there for note in section.notes)
    parts = tuple(replace(section, notes=()) for section in there)
    return Section(title="Candidates and neutral reference", sections=parts, notes=notes, folded=True)


def candidates_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` without nested selection."""
    files = fold_files(run, CANDIDATES)
    if not files:
        return None
    experiment = read_experiment(run, NestedExperiment)
    kinds = {"text": ("candidate", "inner_fold"), "numbers": SCORES, "marks": ("chosen",)}
    scores = {training: read_fold_table(path, **kinds) for training, path in files.items()}
    table = candidates(experiment["name"], scores)
    chosen = table.query("chosen")["candidate"].value_counts()
    counts = "; ".join(f"{name} in {count} of {len(files)} trainings" for name, count in chosen.items())
    rule = experiment["protocol"]["selection_rule"]
    return Section(
        title=f"Candidates on inner folds ({len(table)})",
        tables=(
            Table(
                name="candidates",
                numbers=table,
                text=as_text(table),
                caption=f"Candidates of {experiment['name']}",
                note="Means over inner folds, groups of the fold's training subjects; no tested subject is among them. "
                "The loss is the cross-entropy, or of a number its error.",
                text_columns=2,
            ),
        ),
        notes=(f"Chosen on inner folds of the training subjects ({rule}): {counts}.",),
        folded=True,
    )


def candidates(name: str, trainings: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what was compared: one row per training and candidate, means over inner folds.

    Args:
        name: of the run.
        trainings: fold folder -> its `candidates.csv`.
    """
    parts = []
    for training, scores in trainings.items():
        groups = scores.groupby("candidate", sort=False)
        means = groups[SCORES].mean().assign(inner_folds=groups.size(), chosen=groups["chosen"].all())
        parts.append(means.reset_index().assign(run=name, training=training))
    return pd.concat(parts, ignore_index=True)[["run", "training", "candidate", *SCORES, "inner_folds", "chosen"]]


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates' scores as text, without the run's name."""
    text = table[["training", "candidate"]].copy()
    for column in SCORES:
        text[column] = table[column].map(number)
    text["inner_folds"] = table["inner_folds"].astype(str)
    text["chosen"] = table["chosen"].map({True: "chosen", False: ""})
    return text.rename(columns=TITLES)
