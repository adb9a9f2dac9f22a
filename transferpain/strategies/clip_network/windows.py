"""From a clip's faces to the windows of frames that a clip network reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from transferpain.data.media.times import spread_in_time, time_windows
from transferpain.inputs.faces.cache import Faces, read_faces
from transferpain.inputs.features.windows import stretch_frames


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
    if faces.num_frames <= first:
        return ()
    chosen = []
    for start, stop in stretches(row, faces, first, part):
        frames = window_frames(faces, start, stop, length)
        chosen.append((frames, standing_frames(faces.found, frames, (start, stop))))
    jpegs = faces.jpegs_of(np.concatenate([np.empty(0, np.int64), *(standing for _, standing in chosen)]))
    return tuple(
        Window(frames, faces.found[frames], tuple(jpegs[frame] for frame in standing.tolist()))
        for frames, standing in chosen
    )


def standing_frames(found: np.ndarray, frames: np.ndarray, stretch: tuple[int, int]) -> np.ndarray:
    """Return which frame with a face of a stretch stands for each of its frames, int64 as `frames`, or none at all.

    Args:
        found: bool, of the whole clip, whether a frame has a face.
        frames: int64 `(T,)`, of the stretch.
        stretch: its first frame, and the one behind its last, which may lie behind the clip's end.
    """
    start, stop = stretch
    inside = start + np.flatnonzero(found[start:stop])
    if not len(inside):
        return inside
    last = np.searchsorted(inside, frames, side="right") - 1
    return inside[last.clip(0)]


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
