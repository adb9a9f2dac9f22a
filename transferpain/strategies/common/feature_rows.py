"""What a head sees of the clips: single frames, windows, or the mean of a window's frames.

Features are read from their memory-mapped files batch by batch, so that memory does not grow with the data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.media.times import time_windows
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.windows import fill_missing, windows
from transferpain.networks.heads.base import Reads, Rows
from transferpain.strategies.base import Recipe


@dataclass(frozen=True)
class Windows:
    """Windows of clips: where each stands and what it shows.

    Attributes:
        features: memory-mapped `(frames, D)` of each file, NaN rows where no face was found.
        sample: int64 `(windows,)`, position of the window's clip in the table that the windows were cut from.
        file: int64 `(windows,)`, position of its file in `features`.
        start, stop: int64 `(windows,)`, in feature rows.
        y: int64 `(windows,)`, the clip's class; -1 where it is unlabelled.
    """

    features: list[np.ndarray]
    sample: np.ndarray
    file: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    y: np.ndarray

    def window(self, number: int) -> np.ndarray:
        return self.features[self.file[number]][self.start[number] : self.stop[number]]


def windows_of(recipe: Recipe, clips: pd.DataFrame, mode: str) -> Windows:
    """Cut the usable clips into windows; a window without a single face is left out.

    Args:
        clips: as for `train_head`.
        mode: `cut` takes every window of a clip, `first` the first.
    """
    files: dict[str, int] = {}
    features, rows = [], []
    for sample, row in enumerate(clips.itertuples()):
        if not row.features:
            continue
        if row.features not in files:
            files[row.features] = len(features)
            features.append(read_features(Path(row.features)))
        place = files[row.features]
        for start, stop in spans_of(recipe, row, len(features[place]), mode):
            if found_frames(features[place][start:stop]).any():
                rows.append((sample, place, start, stop, -1 if pd.isna(row.y) else int(row.y)))
    sample, file, start, stop, y = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Windows(features, sample, file, start, stop, y)


def check_shown(windows: Windows, clips: pd.DataFrame, part: str, where: str) -> None:
    """Refuse a part of a fold none of whose clips shows a face.

    Args:
        windows: of `clips`.
        part: `training` or `selection`.
        where: the fold and the experiment, in words.

    Raises:
        UserError: if there is no window.
    """
    if not len(windows.y):
        raise nothing_shown(len(clips), part, where)


def nothing_shown(clips: int, part: str, where: str) -> UserError:
    """Return the error of so many clips of a part that cannot be read, not one of which can be."""
    return UserError(
        f"Nothing can be learned in {where}.",
        rule=f"At least one of its {part} clips must show a face, or, of signals, have some that can be read.",
        received=f"{clips} {part} clips, none with a face or signals",
        todo="The warnings say why, clip by clip. Look at the faces (`transferpain faces`), or use another detector; "
        "of signals raise `longest_gap`, read a longer stretch, or name other channels.",
    )


def spans_of(recipe: Recipe, clip, num_rows: int, mode: str) -> list[tuple[int, int]]:
    """Return the `(start, stop)` feature rows of a clip's windows.

    A clip that is a single frame of a file is that one row; features that were spread evenly over a stretch
    (`features.frames`) are one window, and so is the stretch of a clip without a rate; else windows are cut by time.
    """
    if clip.row >= 0:
        return [(clip.row, clip.row + 1)]
    if recipe.features.frames is not None:
        return [(0, num_rows)]
    if getattr(clip, "times", None) is not None:
        return time_windows(clip.times, recipe.window.seconds, mode)
    if not clip.rate > 0:
        return [(0, num_rows if clip.stretch_rows < 0 else clip.stretch_rows)]
    return windows(num_rows, clip.rate, recipe.window.seconds, mode)


def frames_of_spans(recipe: Recipe, clip, mode: str) -> np.ndarray:
    """Return the frames of its medium that a clip's windows show, int64 `(frames,)`; none where it is unusable.

    Args:
        clip: a row of the samples as for `train_head`.
        mode: as for `windows_of`.
    """
    if not clip.features:
        return np.empty(0, np.int64)
    frames = clip.sampling()
    return np.concatenate([frames[start:stop] for start, stop in spans_of(recipe, clip, len(frames), mode)])


def found_frames(features: np.ndarray) -> np.ndarray:
    """Tell for each frame, bool `(frames,)`, whether a face was found: a frame without one is a row of NaN."""
    return ~np.isnan(features[:, 0])


def frame_rows(recipe: Recipe, data: Windows, weights: np.ndarray) -> Rows:
    """Return the frames with a face, `(rows, D)`.

    Args:
        weights: weight of each class, `(classes,)`.
    """
    found = [start + np.flatnonzero(found_frames(data.window(i))) for i, start in enumerate(data.start)]
    window = np.repeat(np.arange(len(found)), [len(frames) for frames in found])
    file, frame, y = data.file[window], np.concatenate(found), data.y[window]

    def load(rows: np.ndarray) -> np.ndarray:
        return np.stack([data.features[file[row]][frame[row]] for row in rows]).astype(np.float32)

    return Rows(load, y, np.asarray(weights, dtype=np.float32)[y])


def window_rows(recipe: Recipe, data: Windows, weights: np.ndarray) -> Rows:
    """Return whole windows, `(rows, frames, D)`; arguments as for `frame_rows`."""

    def load(rows: np.ndarray) -> np.ndarray:
        sequences = np.zeros((len(rows), recipe.window_frames, data.features[0].shape[1]), np.float32)
        for place, row in zip(sequences, rows, strict=True):
            _write_sequence(recipe, data.window(row), place)
        return sequences

    return Rows(load, data.y, np.asarray(weights, dtype=np.float32)[data.y])


def mean_rows(recipe: Recipe, data: Windows, weights: np.ndarray) -> Rows:
    """Return the means of windows, `(rows, D)`; arguments as for `frame_rows`.

    The mean is over a window, not over all of a clip: clips of one class may be longer than those of another, and a
    mean over more frames varies less, which would tell the classes apart.
    """

    def load(rows: np.ndarray) -> np.ndarray:
        return np.stack([mean_features(recipe, data.window(row)) for row in rows])

    return Rows(load, data.y, np.asarray(weights, dtype=np.float32)[data.y])


def sequence(recipe: Recipe, features: np.ndarray) -> np.ndarray:
    """Return a window as a head that reads windows sees it, float32 `(frames, D)`: gaps filled as declared, zeros at
    the end.

    Rows of zeros are masked; with `missing: hold_last` only the padding is.
    """
    whole = np.zeros((recipe.window_frames, features.shape[1]), np.float32)
    _write_sequence(recipe, features, whole)
    return whole


def _write_sequence(recipe: Recipe, features: np.ndarray, place: np.ndarray) -> None:
    """Write a window into `place`, float32 `(frames, D)` of zeros, as `sequence` returns it."""
    kept = place[: len(features)]
    # One copy where nothing is missing: an epoch reads every window.
    kept[:] = features[: len(place)]
    if np.isnan(kept).any():
        filled, found = fill_missing(np.asarray(features, dtype=np.float32), recipe.window.missing)
        kept[:] = np.where(found[:, None], filled, 0.0)[: len(place)]


def mean_features(recipe: Recipe, features: np.ndarray) -> np.ndarray:
    """Return the mean over the frames of a window that show a face, float32 `(D,)`."""
    return np.asarray(features, dtype=np.float32)[found_frames(features)].mean(axis=0)


# What a head reads -> the rows that it is fitted to.
ROWS: dict[Reads, Callable[[Recipe, Windows, np.ndarray], Rows]] = {
    "frame": frame_rows,
    "window": window_rows,
    "clip": mean_rows,
}
# What a head reads, if not single frames -> the one row that a clip is answered by.
WHOLE: dict[Reads, Callable[[Recipe, np.ndarray], np.ndarray]] = {"window": sequence, "clip": mean_features}
