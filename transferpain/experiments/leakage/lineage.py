"""Where a source comes from: checks 7 and 11, and what a bundle's manifest says for them.

A manifest names people by codes, which can be compared and do not show a dataset's own names.
"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.store import fingerprint, read_json
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.evaluation.predictions import tells_subjects_apart
from transferpain.experiments.leakage.evidence import NO_SUBJECTS, Ancestor, CheckLine, Evidence

LINEAGE = "lineage"
UNKNOWN = "The manifest of the source does not say what it was trained on; train the source again."


def person_codes(dataset: str, subjects: Iterable[str]) -> tuple[str, ...]:
    """Return a code of 16 hexadecimal digits for each of a dataset's subjects, sorted."""
    return tuple(sorted({fingerprint([dataset, str(subject)]) for subject in subjects}))


def describe_training(task: Task, samples: pd.DataFrame, fold: Fold) -> Ancestor:
    """Say what a fold trains on and selects on.

    Args:
        task: what is predicted.
        samples: the labelled clips or frames, with dataset and subject.
        fold: positions into `samples`.
    """
    used = samples.iloc[np.union1d(fold.train, fold.selection)]
    dataset = str(used["dataset"].iloc[0])
    people = person_codes(dataset, used["subject"].unique()) if tells_subjects_apart(samples) else None
    return Ancestor(dataset, task.name, task.rule_for(dataset).definition, people)


def lineage_facts(trained: Ancestor, before: tuple[Ancestor, ...] | None) -> list[dict] | None:
    """Return a model's lineage as the JSON that its manifest holds under `lineage`.

    Args:
        trained: its own training.
        before: the lineage of its source; `None` if unknown.
    """
    return None if before is None else [asdict(ancestor) for ancestor in (trained, *before)]


def read_lineage(folder: Path | None) -> tuple[Ancestor, ...] | None:
    """Read the lineage of a source from its manifest.

    Args:
        folder: the source's bundle; `None` for a network that is built.

    Returns:
        The last training first; `None` if the manifest does not say.
    """
    if folder is None:
        return ()
    entries = read_json(folder / "manifest.json").get(LINEAGE)
    if entries is None:
        return None
    try:
        return tuple(
            Ancestor(one["dataset"], one["task"], one["definition"], one["people"] and tuple(one["people"]))
            for one in entries
        )
    except (KeyError, TypeError):
        return None


def check_pretraining(evidence: Evidence) -> CheckLine:
    """Check 7: no tested subject was in the training of the source, or of a source before it."""
    name = "Pretraining on tested subjects"
    if evidence.lineage is None:
        return CheckLine(7, name, "fail", "unknown", UNKNOWN)
    if not evidence.lineage:
        explanation = f"The source is {evidence.experiment.source}: no pain or emotion dataset took part."
        return CheckLine(7, name, "not applicable", "", explanation)
    tested = evidence.samples.iloc[np.unique(np.concatenate([fold.test for fold in evidence.folds]))]
    tested = tested.drop_duplicates(["dataset", "subject"])
    codes = {fingerprint([str(row.dataset), str(row.subject)]) for row in tested.itertuples()}
    shared, unclear = set(), []
    for ancestor in evidence.lineage:
        if ancestor.people is not None:
            shared |= codes & set(ancestor.people)
        elif ancestor.dataset in set(tested["dataset"]):
            unclear.append(ancestor.dataset)
    trained_on = ", ".join(dict.fromkeys(ancestor.dataset for ancestor in evidence.lineage))
    if unclear:
        return CheckLine(7, name, "fail", f"trained on {trained_on}, tested on it too", NO_SUBJECTS)
    figure = f"{len(shared)} of {len(codes)} tested subjects were in the training of the source ({trained_on})"
    explanation = (
        "By dataset and subject. One person in two datasets, and what the face detector was trained on, are unknown."
    )
    return CheckLine(7, name, "fail" if shared else "pass", figure, explanation)


def check_labels(evidence: Evidence) -> CheckLine:
    """Check 11: what the labels mean is stated, for the target and for each training of the source."""
    name = "What the labels mean"
    if evidence.lineage is None:
        return CheckLine(11, name, "fail", "unknown", UNKNOWN)
    targets = [str(name) for name in evidence.samples["dataset"].unique()]
    parts = ["target"] if len(targets) == 1 else ["trained on", "tested on"]
    stated = [
        (f"{target} ({part})", evidence.task.rule_for(target).definition)
        for target, part in zip(targets, parts, strict=True)
    ]
    stated += [(f"{one.dataset} (source)", one.definition) for one in evidence.lineage]
    missing = [who for who, definition in stated if not definition]
    figure = "; ".join(f"{who}: {definition or 'not stated'}" for who, definition in stated)
    explanation = "One dataset, one meaning."
    if len({definition for _, definition in stated}) > 1:
        explanation = "Source and target predict different things; the score tells how well one carries over."
    elif missing:
        explanation = "Write a definition into the task."
    return CheckLine(11, name, "fail" if missing else "pass", figure, explanation)
