"""The pictures that an image network sees: frames of videos, labelled single frames, or rows of an array."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from transferpain.data.media.times import ROUNDING, nearest_in_time, time_windows
from transferpain.inputs.faces.cache import read_faces, read_seconds
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.strategies.common.settings import ImageSettings


@dataclass(frozen=True)
class Pictures:
    """The pictures that a fold trains on, and those of each tested sample, a clip or a single frame.

    Attributes:
        rows_of: takes positions of samples; returns the training pictures' `load` and the sample of each.
        tested: takes a sample's position; returns frame numbers `(frames,)`, bool `(frames,)` whether a face was
            found, and the found pictures, uint8 `(found, side, side)` or `(found, side, side, 3)`.
        targets: float32 `(samples, classes)`, as the loss takes them; a row of zeros where unlabelled.
        places_of: takes positions of samples; returns the place in its clip of each training picture that `rows_of`
            gives, int64; `None` where a sample is one picture.
    """

    rows_of: Callable[[np.ndarray], tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]]
    tested: Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray]]
    targets: np.ndarray
    places_of: Callable[[np.ndarray], np.ndarray] | None = None


def video_pictures(
    faces: pd.DataFrame, settings: ImageSettings, targets: np.ndarray, train: Literal["cut", "first"] = "cut"
) -> Pictures:
    """Take pictures from the faces of videos: from `first_frame` on, every `every`-th in training; see `frames_taken`.

    A tested clip shows its first stretch alone: the vote of more pictures would vary less, and tell long clips.

    Args:
        faces: one row per clip: the table of `compute_faces` with `stretch`, see `with_stretch`.
        targets: float32 `(clips, classes)`.
        train: whether training takes as many stretches as fit, or the first.
    """

    def chosen(position: int, step: int, part: str) -> tuple[np.ndarray, np.ndarray, list[bytes]]:
        row = faces.iloc[position]
        if row["problem"]:
            return np.empty(0, np.int64), np.empty(0, bool), []
        clip = read_faces(Path(row["faces"]))
        frames = frames_taken(row, clip.num_frames, settings.first_frame, step, part)
        found = clip.found[frames]
        jpegs = clip.jpegs_of(frames[found])
        return frames, found, [jpegs[frame] for frame in frames[found].tolist()]

    def rows_of(positions: np.ndarray):
        jpegs, clip = [], []
        for position in positions:
            found = chosen(position, settings.every, train)[2]
            jpegs += found
            clip += [position] * len(found)
        return _loader(jpegs), np.array(clip, dtype=np.int64)

    def tested(position: int):
        frames, found, jpegs = chosen(position, settings.test_every, "first")
        return frames, found, _decode(jpegs)

    def places_of(positions: np.ndarray) -> np.ndarray:
        shown = (chosen(position, settings.every, train) for position in positions)
        return np.concatenate([np.empty(0, np.int64), *(frames[found] for frames, found, _ in shown)])

    return Pictures(rows_of, tested, targets, places_of)


def frames_taken(clip: pd.Series, num_frames: int, first: int, step: int, part: Literal["cut", "first"]) -> np.ndarray:
    """Return which frames of a clip are taken, int64; of frames at uneven distances they are chosen by their times.

    Args:
        clip: a row of the table of `with_stretch`.
        num_frames: of the clip.
        first: see `ImageSettings.first_frame`.
        step: of so many frames one is taken.
        part: whether as many stretches are taken as fit, or the first.
    """
    if clip["problem"]:
        return np.empty(0, np.int64)
    if clip.get("variable", False) and clip.get("stretch_seconds", 0) > 0:
        seconds = read_seconds(Path(clip["faces"]))[first:]
        return first + chosen_in_time(seconds, clip["stretch_seconds"], step / clip["fps"] if step > 1 else 0, part)
    return chosen_frames(num_frames, max(1, int(clip["stretch"])), first, step, part)


def chosen_in_time(seconds: np.ndarray, stretch: float, step: float, part: Literal["cut", "first"]) -> np.ndarray:
    """Return which frames are taken of those at these times, int64, ascending, each once: one in every step of time.

    Args:
        seconds: float64 `(frames,)`, ascending; the first stretch begins with the first of them.
        stretch: its length in seconds.
        step: between two frames that are taken, in seconds; 0 takes all.
        part: whether as many stretches are taken as fit, or the first.
    """
    windows = time_windows(seconds, stretch, part)
    if not windows:
        return np.empty(0, np.int64)
    inside = seconds[: windows[-1][1]]
    if not step:
        return np.arange(len(inside))
    ticks = np.arange(int((inside[-1] - inside[0]) / step + ROUNDING) + 1)
    return np.unique(nearest_in_time(inside, inside[0] + ticks * step))


def chosen_frames(num_frames: int, stretch: int, first: int, step: int, part: Literal["cut", "first"]) -> np.ndarray:
    """Return which frames are taken of a clip at even distances, int64: every `step`-th of its stretches.

    Args:
        num_frames: of the clip.
        stretch: frames of a stretch; the first one begins at the frame `first`.
        part: whether as many stretches are taken as fit, or the first.
    """
    fitting = 1 if part == "first" else max(1, (num_frames - first) // stretch)
    return np.arange(first, min(first + fitting * stretch, num_frames), step)


def frame_pictures(faces: pd.DataFrame, samples: pd.DataFrame, targets: np.ndarray) -> Pictures:
    """Take the pictures of single frames: each sample is one frame of a clip.

    Args:
        faces: the table of `compute_faces`, one row per clip.
        samples: with `file_clip`, the clip that a frame is in, and `row`, its place there.
        targets: float32 `(samples, classes)`.
    """
    paths = faces.set_index("clip").loc[samples["file_clip"], "faces"].to_numpy()
    frame = samples["row"].to_numpy()

    @lru_cache(maxsize=1)  # the frames of a clip are asked for one after the other
    def jpegs_of(path: str) -> dict[int, bytes]:
        if not path:  # the clip cannot be used
            return {}
        clip = read_faces(Path(path))
        return dict(zip(np.flatnonzero(clip.found).tolist(), clip.jpegs(), strict=True))

    def rows_of(positions: np.ndarray):
        found = [(jpegs_of(paths[sample]).get(int(frame[sample])), sample) for sample in positions]
        found = [(jpeg, sample) for jpeg, sample in found if jpeg is not None]
        return _loader([jpeg for jpeg, _ in found]), np.array([sample for _, sample in found], dtype=np.int64)

    def tested(position: int):
        jpeg = jpegs_of(paths[position]).get(int(frame[position]))
        return frame[[position]], np.array([jpeg is not None]), _decode([] if jpeg is None else [jpeg])

    return Pictures(rows_of, tested, targets)


def still_pictures(images: np.ndarray, image_of: np.ndarray, targets: np.ndarray) -> Pictures:
    """Take pictures from an array: each clip is one image, such as a row of FER+.

    Args:
        images: uint8 `(images, side, side)`.
        image_of: int `(clips,)`, the image of each clip.
        targets: float32 `(clips, classes)`.
    """

    def rows_of(positions: np.ndarray):
        return lambda rows: images[image_of[positions[rows]]], positions

    def tested(position: int):
        return np.array([0]), np.array([True]), images[image_of[position]][None]

    return Pictures(rows_of, tested, targets)


def _loader(jpegs: list[bytes]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rows: _decode([jpegs[row] for row in rows])


def _decode(jpegs: list[bytes]) -> np.ndarray:
    return np.array([decode_jpeg(jpeg) for jpeg in jpegs], dtype=np.uint8)
