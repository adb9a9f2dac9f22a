"""What the project knows about a dataset before it sees a file of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

VIDEO_SUFFIXES = {
    *(".mp4", ".avi", ".mkv", ".mov", ".m4v", ".wmv", ".webm", ".mpg", ".mpeg", ".m2v", ".vob", ".mts", ".m2ts", ".ts"),
    *(
        ".3gp",
        ".3g2",
        ".flv",
        ".asf",
        ".ogv",
        ".ogg",
        ".mxf",
        ".h264",
        ".264",
        ".h265",
        ".hevc",
        ".265",
        ".ivf",
        ".mjpeg",
        ".dv",
        ".m2t",
        ".f4v",
        ".rm",
        ".divx",
        ".mod",
        ".tod",
        ".y4m",
    ),
}
FEATURES_SUFFIX = ".npy"  # of a clip that is its own features alone
TABLE_SUFFIX = ".csv"  # of a clip that is a table of its action units, or of its signals, alone
NUMBERS_ALONE = ("features", "action_units", "signals")  # kinds of clips without a picture


@dataclass(frozen=True)
class Reading:
    """What an adapter found.

    Attributes:
        clips: one row per clip, the common columns of `index.Index` and the raw labels.
        problems: what was skipped or missing, a sentence each.
        frames: one row per labelled frame, as in `index.Index`; `None` where only clips have labels.
    """

    clips: pd.DataFrame
    problems: tuple[str, ...]
    frames: pd.DataFrame | None = None


@dataclass(frozen=True)
class Neutral:
    """Raw labels by which a face is known to show no pain.

    Attributes:
        column: of the index's frames where these have it, else of its clips.
        labels: as they stand in that column; numbers count by their value.
    """

    column: str
    labels: tuple[str | int, ...]

    def are(self, values: pd.Series) -> np.ndarray:
        """Tell which raw labels are among these, bool `(values,)`; a missing one is not."""
        numbers = {float(label) for label in self.labels if not isinstance(label, str)}
        texts = {label for label in self.labels if isinstance(label, str)}
        by_value = pd.to_numeric(values, errors="coerce").isin(numbers).fillna(False)
        return (by_value | values.astype("string").isin(texts).fillna(False)).to_numpy(dtype=bool)

    def __str__(self) -> str:
        return f"{self.column} {' or '.join(map(str, self.labels))}"


@dataclass(frozen=True)
class Dataset:
    """Facts about a dataset and how its folder is read.

    Attributes:
        name: short name, used in commands and files.
        title: full name.
        folder: the dataset's folder inside the data root.
        licence: the terms in a sentence.
        citation: the paper to cite.
        request_url: where to ask for the data.
        redistributable: whether models trained on it may be passed on.
        notice: what a user must know before sharing anything made from it.
        layout: the expected folders and files, a line each.
        expected: official counts, keyed as in the result of `count`.
        is_marked: tells whether a folder looks like the top of the dataset.
        read: `(top folder, data root, cache folder or None) -> Reading`.
        count: `(clips, frames) -> counts`, the figures that `check` shows; `frames` as in `Reading`.
        synthetic: what its faces are called in every label, of a dataset that shows no people; "" where they are such.
        clip_seconds: official length of a pain clip; 0 where clips have no common length.
        traps: properties of the data that mislead, a sentence each.
        compare: `(clips, frames) -> sentences`, what a copy lacks; `None` if the counts say all.
        inspect: `(clips, data root) -> sentences`, what is damaged in files that `read` does not open.
        neutral: which of its clips, or frames, are known to show a face without pain; `None` where nothing says so.
        action_units: those that somebody coded, by their numbers: columns such as `au4` of its clips or its frames
            (`data.unit_labels`).
    """

    name: str
    title: str
    folder: str
    licence: str
    citation: str
    request_url: str
    redistributable: bool
    notice: str
    layout: str
    expected: dict[str, int]
    is_marked: Callable[[Path], bool]
    read: Callable[[Path, Path, Path | None], Reading]
    count: Callable[[pd.DataFrame, pd.DataFrame | None], dict[str, int]]
    synthetic: str = ""
    clip_seconds: float = 0.0
    traps: tuple[str, ...] = ()
    compare: Callable[[pd.DataFrame, pd.DataFrame | None], list[str]] | None = None
    inspect: Callable[[pd.DataFrame, Path], list[str]] | None = None
    neutral: Neutral | None = None
    action_units: tuple[int, ...] = ()
