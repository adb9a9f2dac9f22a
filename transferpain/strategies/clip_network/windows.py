"""From a clip's faces to the windows of frames that a clip network reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from transferpain.data.media.times import spread_in_time, time_windows
from transferpain.inputs.faces.cache import Faces, read_faces
from transferpain.inputs.features.windows import fill_missing, stretch_frames


@dataclass(frozen=True)
class Window:
    """T frames, spread evenly over one stretch of a clip.

    For a frame without a face the frame with one before it stands, or the first one after it, of the same stretch
    (our choice).

    Attributes:
        frames: int64 `(T,)`, their numbers in the clip, whether they show a face or not.
        found: bool `(T,)`.
        jpegs: the picture that stands for each, encoded, T; none where the stretch shows no face at all.
    """

    frames: np.ndarray
    found: np.ndarray
    jpegs: tuple[bytes, ...]

    @property
    def coverage(self) -> float:
        """Share of the window's frames with a face."""
        return float(self.found.mean())


def read_windows(row: pd.Series, length: int, first: int, part: Literal["cut", "first"]) -> tuple[Window, ...]:
    """Read the windows of a clip, in the order of time; a clip that cannot be used has none.

    Args:
        row: of the table of `with_stretch`.
        length: frames of a window, T.
        first: frames of the clip that are left out before the first stretch.
        part: whether as many stretches are taken as fit, or the first.
    """
    if row["problem"]:
        return ()
    faces = read_faces(Path(row["faces"]))
    jpegs, place = faces.jpegs(), np.cumsum(faces.found) - 1
    windows = []
    for start, stop in stretches(row, faces, first, part):
        frames, found = window_frames(faces, start, stop, length), np.zeros(faces.num_frames, bool)
        found[start:stop] = faces.found[start:stop]
        shown: tuple[bytes, ...] = ()
        if found.any():
            numbers = np.where(found, np.arange(len(found), dtype=float), np.nan)[:, None]
            standing = fill_missing(numbers, "hold_last")[0][frames, 0].astype(np.int64)
            shown = tuple(jpegs[place[frame]] for frame in standing)
        windows.append(Window(frames, found[frames], shown))
    return tuple(windows)


def stretches(row: pd.Series, faces: Faces, first: int, part: Literal["cut", "first"]) -> list[tuple[int, int]]:
    """Return `(start, stop)` frames of the stretches of a clip, end to end; `stop` may lie behind its end.

    Arguments are those of `read_windows`.
    """
    length = row.get("stretch_seconds", np.nan)
    if faces.facts.variable and length > 0:
        return [(first + start, first + stop) for start, stop in time_windows(faces.seconds[first:], length, part)]
    frames = max(1, int(row["stretch"]))
    fitting = 1 if part == "first" else max(1, (faces.num_frames - first) // frames)
    return [(first + number * frames, first + (number + 1) * frames) for number in range(fitting)]


def window_frames(faces: Faces, start: int, stop: int, length: int) -> np.ndarray:
    """Return which frames stand for a stretch, int64 `(length,)`; of frames at uneven distances by their times."""
    if faces.facts.variable:
        return start + spread_in_time(faces.seconds[start:], length, stop - start)
    return start + stretch_frames(faces.num_frames - start, stop - start, length)
