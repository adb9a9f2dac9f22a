"""What the leakage checks look at, and what each of them answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FramesRead
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.evaluation.predictions import subject_names, tells_subjects_apart
from transferpain.experiments.schema import Experiment

State = Literal["pass", "fail", "declared", "not applicable"]
NO_LABELS = "No tested clip has a label."
OF_MEMBERS = "An ensemble reads answers alone: the checks of its members' runs say it of them."
NO_SUBJECTS = "The data name no subjects: most of them have a single picture or clip."


@dataclass(frozen=True)
class CheckLine:
    """The answer of one check.

    Attributes:
        number: its place in the list, from 1 on.
        name: what is checked.
        state: the verdict; `declared` where nothing contradicts what was stated, and nothing could be compared.
        figure: what was counted or measured; empty where the check does not apply.
        explanation: what the figure means, or why the check does not apply.
    """

    number: int
    name: str
    state: State
    figure: str
    explanation: str


@dataclass(frozen=True)
class Verdict:
    """What a check found: state, figure and explanation of its line."""

    state: State
    figure: str
    explanation: str


@dataclass(frozen=True)
class Ancestor:
    """A training that the source went through.

    Attributes:
        dataset: what it was trained on.
        task: the task's name.
        definition: what the task's labels mean there.
        people: codes of the subjects that it was trained or selected on; `None` where the data name no subjects.
    """

    dataset: str
    task: str
    definition: str
    people: tuple[str, ...] | None


@dataclass(frozen=True)
class Evidence:
    """What a finished run leaves for the checks.

    Attributes:
        experiment: the resolved experiment.
        task: what is predicted.
        samples: what is predicted, clips or single frames, one row each: dataset, subject, clip (the sample's own
            name), y, file_clip (the clip of `files` that it is in) and row (its frame there, or -1 for all of it).
        files: rows of the index that the samples are in: dataset, subject, clip, media, kind, first_frame.
        folds: positions into `samples`.
        predictions: rows of all folds and seeds.
        data_root: the folder that `media` is relative to.
        lineage: trainings of the source, the last first; empty for a network that is built; `None` if unknown.
        fitted: fold -> what was fitted in it, and to which rows; positions into `samples`.
        stage: the table of the faces stage in the order of `files`, with `features` (path) where features were
            cached; `None` where there is no faces stage.
        images: uint8 `(images, side, side)`, the pictures that `first_frame` of image rows counts; else `None`.
        frames: the frames that each sample is trained and answered by.
    """

    experiment: Experiment
    task: Task
    samples: pd.DataFrame
    files: pd.DataFrame
    folds: tuple[Fold, ...]
    predictions: pd.DataFrame
    data_root: Path
    lineage: tuple[Ancestor, ...] | None
    fitted: Mapping[str, tuple[FittedRows, ...]]
    stage: pd.DataFrame | None = None
    images: np.ndarray | None = None
    frames: FramesRead | None = None

    @property
    def subjects(self) -> np.ndarray:
        """A name of each sample's subject that is unique over datasets, `(samples,)`."""
        return subject_names(self.samples).to_numpy()

    @property
    def has_subjects(self) -> bool:
        """Whether subjects can be told apart; FER+ names none."""
        return tells_subjects_apart(self.samples)

    @property
    def labels_frames(self) -> bool:
        """Whether what is predicted is single frames of clips."""
        return bool((self.samples["row"] >= 0).any())

    @property
    def file_of(self) -> np.ndarray:
        """Position in `files` of each sample, int64 `(samples,)`."""
        return pd.Index(self.files["clip"]).get_indexer(self.samples["file_clip"])

    @property
    def tested(self) -> np.ndarray:
        """Positions of the tested samples that have a label, ascending."""
        positions = np.unique(np.concatenate([fold.test for fold in self.folds]))
        return positions[self.samples["y"].iloc[positions].notna().to_numpy()]


@dataclass(frozen=True)
class LeakageCheck:
    """A check: its name in the list, and what it makes of a finished run."""

    name: str
    run: Callable[[Evidence], Verdict]


def not_applicable(reason: str) -> Verdict:
    """Return the verdict of a check that has nothing to look at."""
    return Verdict("not applicable", "", reason)


def learned_from(evidence: Evidence, fold: Fold) -> np.ndarray:
    """Return the positions that a fold learns from: those of its parts, and whatever else something was fitted to.

    Left out are tested rows, which checks 5 and 6 count, and what an adaptation is declared to see.
    """
    fitted = [one.rows for one in evidence.fitted.get(fold.name, ()) if not one.transductive]
    rows = np.unique(np.concatenate([fold.train, fold.selection, *fitted]))
    return np.setdiff1d(rows, np.union1d(fold.test, fold.reference))


def percent(share: float) -> str:
    """Return a share as text, such as `12.5 %`."""
    return f"{100 * share:.1f} %"
