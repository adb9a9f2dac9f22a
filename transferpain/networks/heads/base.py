"""What a head is: what is trained on the features of a source, by Keras or scikit-learn alike.

A head is one module in this folder: its settings, what it reads, and how it is fitted. It is listed in `registry.py`.
Keras and scikit-learn are imported inside functions, so that experiment files are checked without them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from transferpain.networks.training.settings import TrainingSettings

# A single frame, `(D,)`; the frames of a window in their order, `(frames, D)`; or the mean over the frames of a window
# that show a face, `(D,)`.
Reads = Literal["frame", "window", "clip"]


class HeadSettings(BaseModel):
    """Base of the settings of every head, which add `kind: Literal["<name>"]`; an unknown key is an error.

    Attributes:
        kind: names the head.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str


@dataclass(frozen=True)
class Rows:
    """What a head is fitted to, or selected on.

    Attributes:
        load: takes int64 positions `(batch,)`, returns float32 `(batch, D)`, or `(batch, frames, D)` for a head that
            reads windows. Features stay in their files until then.
        y: int64 `(rows,)`, the class of each row.
        weights: float32 `(rows,)`, how much each row counts.
    """

    load: Callable[[np.ndarray], np.ndarray]
    y: np.ndarray
    weights: np.ndarray

    def all(self) -> np.ndarray:
        """Return every row at once, in order: for what is not fitted batch by batch."""
        return self.load(np.arange(len(self.y)))


@dataclass(frozen=True)
class HeadTraining:
    """Under what circumstances a head is trained.

    Attributes:
        classes: number of classes, K.
        dimension: number of features of a frame, D.
        frames: frames of a full window; `None` where windows differ in length.
        settings: optimiser, epochs, batch.
        seed: parts of the seed: the seed and the fold's name.
        checkpoint: file that holds the state between epochs, and in the end what was kept.
        label: what the progress bar says.
        traced: Keras heads that earlier calls trained, and that are trained again with other weights where they fit.
        trainer: what trains the network of a Keras head, with the arguments of `training.fit.fit`; `None` is that one.
    """

    classes: int
    dimension: int
    frames: int | None
    settings: TrainingSettings
    seed: tuple[int | str, ...]
    checkpoint: Path
    label: str
    traced: dict[str, Any] = field(default_factory=dict)
    trainer: Callable[..., Any] | None = None


class Fitted(Protocol):
    """A fitted head."""

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch, with `epoch` (from 1) and `val_loss`; a head without epochs has one row."""

    @property
    def selection_loss(self) -> float:
        """Mean cross-entropy on the selection rows, of the weights that were kept."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities, `(rows, classes)`, of rows as `Rows.load` returns them."""

    def parts(self) -> Mapping[str, Any]:
        """Return what is saved: a Keras model (float32) under `model`, or under `head` what answers in its place.

        That is a classifier of scikit-learn, or trees of XGBoost.
        """


class Head(Protocol):
    """A head.

    Attributes:
        name: its `kind` in an experiment file.
        Settings: what an experiment file may say of it.
        reads: what one row is; frames vote on their clip, windows and clips are answered once.
        steps: what it fits besides its weights, in words, as the leakage report lists it.
        layers: the Keras layers that it is made of; none for a classifier of scikit-learn.
        estimators: the classes of scikit-learn that it is made of, with their modules; none for a Keras model.
        rows_per_second: how many rows one epoch takes in a second, for estimates.
    """

    name: str
    Settings: type[HeadSettings]
    reads: Reads
    steps: tuple[str, ...]
    layers: frozenset[str]
    estimators: frozenset[str]
    rows_per_second: float

    def fit(self, settings: HeadSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        """Fit the head to `train`; `selection` decides when to stop and what is kept.

        The same arguments give the same bits.
        """
