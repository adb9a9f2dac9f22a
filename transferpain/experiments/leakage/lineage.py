"""Where a source comes from: what a bundle's manifest says of it, for the checks that ask.

A manifest names people by codes, which can be compared and do not show a dataset's own names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.store import fingerprint, read_json
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.evaluation.predictions import tells_subjects_apart
from transferpain.experiments.leakage.evidence import Ancestor

LINEAGE = "lineage"
UNLABELLED = "no label: pictures alone, for an adaptation"
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


def describe_adaptation(task: Task, samples: pd.DataFrame, shown: np.ndarray) -> Ancestor:
    """Say whose pictures a network has seen without their labels.

    Args:
        task: what is predicted.
        samples: the clips or frames, with dataset and subject.
        shown: positions into `samples`, of one dataset.
    """
    used = samples.iloc[shown]
    dataset = str(used["dataset"].iloc[0])
    people = person_codes(dataset, used["subject"].unique()) if tells_subjects_apart(samples) else None
    return Ancestor(dataset, task.name, UNLABELLED, people)


def lineage_facts(trained: Ancestor, before: tuple[Ancestor, ...] | None) -> list[dict] | None:
    """Return a model's lineage as the JSON that its manifest holds under `lineage`.

    Args:
        trained: its own training.
        before: the lineage of its source; `None` if unknown.
    """
    return None if before is None else [asdict(ancestor) for ancestor in (trained, *before)]


def joint_lineage(lines: Sequence[tuple[Ancestor, ...] | None]) -> tuple[Ancestor, ...] | None:
    """Return the trainings of several lineages, each once; `None` if one of them is unknown."""
    if any(line is None for line in lines):
        return None
    return tuple(dict.fromkeys(ancestor for line in lines for ancestor in line))


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
    except Exception:  # as `foreign.border` says of readers
        return None
