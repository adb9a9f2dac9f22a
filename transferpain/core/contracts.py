"""What passes between the floors: plain facts, which each floor may make and read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

Part = Literal["selection", "test"]
RowUse = Literal["fit", "selection", "copies", "reference"]
# How the votes of several people become what a network learns from (FER+).
LabelMode = Literal["majority", "crossentropy", "probability", "multi_target"]


@dataclass(frozen=True)
class Stage:
    """One stage of an experiment: what it works on, how long it takes, what it leaves on the disk.

    Attributes:
        of: what it is besides, so that whoever does the same shares it: which clips, faces and features are read, or an
            experiment's own training.
        trainings: how often something is trained in it.
    """

    experiment: str
    name: str
    work: str
    seconds: float
    disk_bytes: float
    of: str = ""
    trainings: int = 0

    @property
    def work_key(self) -> tuple[str, str, float, str]:
        """Equal for a stage that two experiments share."""
        return self.name, self.work, self.seconds, self.of


@dataclass(frozen=True)
class FittedRows:
    """The rows that a fitted thing (network, scaler, head, threshold, adaptation, class weights) has seen.

    Attributes:
        step: what was fitted, in words.
        rows: int64, ascending positions into the samples.
        transductive: whether the method is declared to read test rows, without their labels.
        use: `fit` for rows that something was fitted to; `selection` for those that an epoch or a model was chosen by;
            `copies` for those that were repeated or changed at random for training; `reference` for those that say what
            their own person looks like without pain, and to which nothing is fitted.
    """

    step: str
    rows: np.ndarray
    transductive: bool = False
    use: RowUse = "fit"


@dataclass(frozen=True)
class FramesRead:
    """Which frames of its clip each sample is trained and answered by, as the medium counts them, from 0.

    Attributes:
        trained, answered: int64 `(frames,)` for each sample, in the order of time; empty where its clip is unusable.
    """

    trained: tuple[np.ndarray, ...]
    answered: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class FoldResult:
    """What a strategy has fitted on one fold with one seed, and what that says of the fold's samples.

    Attributes:
        predictions: one row per answer; `part` says whether the sample was selected on or tested.
        history: one row per epoch, with `val_loss`.
        model: a Keras model in float32; `None` where the parts alone answer.
        parts: name -> a model of scikit-learn, or trees of XGBoost, that belongs to it.
        fitted: what was fitted, and on which rows, entered where it was fitted.
        files: name -> what else the fold keeps: a table for `.csv` and `.parquet`, JSON types for `.json`.
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
        numbers: as it stands in the CSV file, one row per run and thing; `None` where it is only shown.
        text: as it is shown, or `None` where it only stands in the file; the same rows.
        caption: what it shows.
        note: how to read it, below it.
        latex: the caption of its LaTeX file; none is written without.
        kind: of `scores` all columns but the first `text_columns` hold numbers; of `prose` all hold sentences; `pairs`
            are a name and a value each, which need no heading.
        states: of each row, `pass`, `fail`, `declared` or `not applicable`; empty where rows have none.
        sortable: whether a reader whose browser runs the page's script can sort and filter its rows.
    """

    name: str
    numbers: pd.DataFrame | None
    text: pd.DataFrame | None = None
    caption: str = ""
    note: str = ""
    latex: str = ""
    kind: Literal["scores", "prose", "pairs"] = "scores"
    text_columns: int = 1
    states: tuple[str, ...] = ()
    sortable: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure of a report: its caption, what it shows for those who do not see it, and a `data:` address.

    `wide` is the address of the same figure as it is drawn over the whole width of a broad screen, if it is.
    """

    title: str
    alt: str
    uri: str
    wide: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a report's page; what is shown stands in the order of the attributes.

    Text is escaped when it is shown, unless it is `markupsafe.Markup`; text of users enters that by its `format` alone,
    which escapes.

    Attributes:
        warnings: what must not be overlooked where its scores are shown.
        items: a list of points.
        listing: a text as it stands in a file.
        sections: parts of its own, each with a heading.
        notes: what a reader must know before using the scores: below the tables, or at the head of the run whose
            section it is.
        coverage: what counts as covered, where it is not that a face was found; at the head of the run, too.
        folded: whether only the title is seen until a reader asks for more.
    """

    title: str
    warnings: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    listing: str = ""
    sections: tuple["Section", ...] = ()
    notes: tuple[str, ...] = ()
    coverage: str = ""
    folded: bool = False

    @property
    def is_shown(self) -> bool:
        """False for a section that only fills files, or says all it has to say at the head of the run."""
        shown = self.warnings or self.paragraphs or self.items or self.pictures or self.listing
        parts = any(part.is_shown for part in self.sections)
        return bool(shown) or parts or any(table.text is not None for table in self.tables)

    @property
    def all_tables(self) -> tuple[Table, ...]:
        """Its tables, and those of its parts."""
        return (*self.tables, *(table for part in self.sections for table in part.all_tables))
