"""From the frames of a clip to windows of one length: pure array work."""

from typing import Literal

import numpy as np


def window_length(fps: float, seconds: float) -> int:
    """Return how many frames a whole window has: one at least, however short it is.

    Args:
        fps: frames per second.
        seconds: length of the window.
    """
    return max(1, round(fps * seconds))


def windows(num_frames: int, fps: float, seconds: float, mode: Literal["cut", "first"]) -> list[tuple[int, int]]:
    """Return `(start, stop)` frames of the windows of a clip.

    Args:
        num_frames: frames in the clip.
        fps: frames per second.
        seconds: length of a window.
        mode: `cut` makes as many windows as fit, end to end, and leaves a shorter rest out (Prajod's training
            no-pain clips: 5-6 parts of 10 s); `first` takes the first one (Prajod's validation and test).

    Returns:
        Windows in time order. A clip shorter than a window is one shorter window in either mode; a clip
        without frames has none.

    Raises:
        ValueError: if `fps` or `seconds` is not positive or the mode is unknown.
    """
    if not (fps > 0 and seconds > 0):
        raise ValueError(f"fps and seconds must be positive. Received: fps={fps}, seconds={seconds}")
    if mode not in ("cut", "first"):
        raise ValueError(f"mode must be 'cut' or 'first'. Received: mode={mode!r}")
    if num_frames <= 0:
        return []
    length = window_length(fps, seconds)
    if mode == "first" or num_frames < length:
        return [(0, min(length, num_frames))]
    return [(start, start + length) for start in range(0, num_frames - length + 1, length)]


def nearest_frames(num_frames: int, fps: float, target_fps: float) -> np.ndarray:
    """Return which frame is nearest in time to each tick of another frame rate.

    Returns:
        int64 `(ticks,)`, not decreasing, within `[0, num_frames)`; a clip with frames has at least one tick.

    Raises:
        ValueError: if a rate is not positive.
    """
    if not (fps > 0 and target_fps > 0):
        raise ValueError(f"Rates must be positive. Received: fps={fps}, target_fps={target_fps}")
    if num_frames <= 0:
        return np.zeros(0, np.int64)
    ticks = max(1, round(num_frames * target_fps / fps))
    frames = np.floor(np.arange(ticks) * (fps / target_fps) + 0.5).astype(np.int64)
    return frames.clip(0, num_frames - 1)


def spread_frames(num_frames: int, length: int) -> np.ndarray:
    """Return which frames stand for a clip when it is stretched or shrunk to `length` frames, spread evenly over it.

    Returns:
        int64 `(length,)`, not decreasing, within `[0, num_frames)`: each the frame at the same share of time.

    Raises:
        ValueError: if there is no frame to take, or `length` is not positive.
    """
    if num_frames <= 0 or length <= 0:
        raise ValueError(f"Needs rows and a positive length. Received: {num_frames} rows, length={length}")
    # Integer arithmetic: the middle of each new row, exactly, on every machine.
    return (2 * np.arange(length) + 1) * num_frames // (2 * length)


def stretch_frames(num_frames: int, stretch: int, length: int) -> np.ndarray:
    """Return which frames stand for the first `stretch` frames of a clip, at one rate whatever the clip's length.

    Where the stretch goes beyond the clip's end, its last frame stands.

    Returns:
        int64 `(length,)`, as of `spread_frames`, which also says what it raises.
    """
    if num_frames <= 0:
        raise ValueError(f"Needs frames. Received: {num_frames}")
    return np.minimum(spread_frames(stretch, length), num_frames - 1)


def fill_missing(features: np.ndarray, how: Literal["hold_last", "mask"]) -> tuple[np.ndarray, np.ndarray]:
    """Replace rows of NaN, which stand for frames without a face.

    Args:
        features: `(frames, D)`.
        how: `hold_last` repeats the last row before, and for frames before the first face that first row;
            `mask` puts zeros. Prajod names no rule: our choice, not the paper's.

    Returns:
        `(filled, mask)`: a new array without NaN, and bool `(frames,)`, which rows may be used: with
        `hold_last` all, with `mask` the found ones. Without any face: zeros, and no row.

    Raises:
        ValueError: if `how` is unknown.
    """
    found = ~np.isnan(features).any(axis=1)
    if how not in ("hold_last", "mask"):
        raise ValueError(f"how must be 'hold_last' or 'mask'. Received: how={how!r}")
    if how == "mask" or not found.any():
        return np.where(found[:, None], features, features.dtype.type(0)), found
    first = int(found.argmax())
    last_found = np.maximum.accumulate(np.where(found, np.arange(len(features)), first))
    return features[last_found], np.ones(len(features), bool)
