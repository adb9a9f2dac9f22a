"""What passes between the floors: plain facts, which each floor may make and read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

Part = Literal["selection", "test"]
# How the votes of several people become what a network learns from (FER+).
LabelMode = Literal["majority", "crossentropy", "probability", "multi_target"]


@dataclass(frozen=True)
class Stage:
    """One stage of an experiment: what it works on, how long it takes, what it leaves on the disk."""

    experiment: str
    name: str
    work: str
    seconds: float
    disk_bytes: float

    @property
    def work_key(self) -> tuple[str, str, float]:
        """Equal for a stage that two experiments share."""
        return self.name, self.work, self.seconds


@dataclass(frozen=True)
class FittedRows:
    """The rows that a fitted thing (network, scaler, head, threshold, adaptation, class weights) has seen.

    Attributes:
        step: what was fitted, in words.
        rows: int64, ascending positions into the samples.
        transductive: whether the method is declared to read test rows, without their labels.
    """

    step: str
    rows: np.ndarray
    transductive: bool = False


@dataclass(frozen=True)
class FoldResult:
    """What a strategy has fitted on one fold with one seed, and what that says of the fold's samples.

    Attributes:
        predictions: one row per answer; `part` says whether the sample was selected on or tested.
        history: one row per epoch, with `val_loss`.
        model: a Keras model in float32; `None` where the parts alone answer.
        parts: name -> a model of scikit-learn that belongs to it.
        fitted: what was fitted, and on which rows, entered where it was fitted.
        files: name -> what else the fold keeps: a table for `.csv`, JSON types for `.json`.
        facts: what the manifest of the saved model states in addition.
    """

    predictions: pd.DataFrame
    history: pd.DataFrame
    model: Any
    parts: Mapping[str, Any] = field(default_factory=dict)
    fitted: tuple[FittedRows, ...] = ()
    files: Mapping[str, pd.DataFrame | dict] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table of a report.

    Attributes:
        name: stem of its files.
        numbers: as it stands in the CSV file, one row per run and thing.
        text: as it is shown, or `None` where it only stands in the file.
        caption: what it shows.
    """

    name: str
    numbers: pd.DataFrame
    text: pd.DataFrame | None = None
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a report's page: paragraphs of plain text, then tables."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
