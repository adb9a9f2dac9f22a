"""Frames and time: the rate of a medium, and which frames lie in a stretch of seconds."""

import math
from itertools import pairwise

import numpy as np

HIGHEST_RATE = 1000.0
ROUNDING = 0.0015  # seconds: containers round to milliseconds


def medium_rate(stated: float, seconds: np.ndarray) -> float:
    """Return the frames per second of a medium: those that are stated if its frames follow them, else the mean.

    Args:
        stated: frames per second; NaN if none is stated.
        seconds: float64 `(frames,)`, each frame's own time; NaN where it has none.

    Returns:
        NaN where frames have no times of their own, or impossible ones: what is stated is the decoder's guess then.
    """
    if not len(seconds) or np.isnan(seconds).any():
        return math.nan
    if len(seconds) == 1 or not is_variable(stated, seconds):
        return stated
    mean = (len(seconds) - 1) / max(seconds[-1] - seconds[0], 1e-9)
    return float(mean) if mean < HIGHEST_RATE else math.nan


def is_variable(rate: float, seconds: np.ndarray) -> bool:
    """Tell whether frames lie elsewhere in time than an even rate puts them, by more than half a frame.

    Args:
        rate: frames per second; NaN where it is not known.
        seconds: as `medium_rate` takes them.
    """
    expected = seconds[:1] + np.arange(len(seconds)) / rate
    return not bool((np.abs(seconds - expected) <= 0.5 / rate).all())


def duration(seconds: np.ndarray) -> float:
    """Return how long frames last, in seconds: the last one as long as the others in the mean."""
    count = len(seconds)
    return float(seconds[-1] - seconds[0]) * count / (count - 1) if count > 1 else 0.0


def frames_until(seconds: np.ndarray, start: int, length: float) -> int:
    """Return how many frames from `start` on begin within a length of seconds; at least one, if there is any."""
    times = seconds[start:]
    return max(1, int(np.searchsorted(times - times[0], length - ROUNDING))) if len(times) else 0


def nearest_in_time(seconds: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return which frame is nearest in time to each wanted time, int64; of two as near, the later one.

    Args:
        seconds: float64 `(frames,)`, ascending.
        wanted: float64 `(ticks,)`.
    """
    return np.searchsorted((seconds[1:] + seconds[:-1]) / 2, wanted, side="right").astype(np.int64)


def spread_in_time(seconds: np.ndarray, length: int, frames: int) -> np.ndarray:
    """Return which frames are shown at `length` moments spread evenly over the first `frames` frames, int64.

    Each moment is the middle of its share of the time; where `frames` are more than there are, the last one stands.
    """
    last = min(frames, len(seconds))
    lasts = float(seconds[last] - seconds[0]) if last < len(seconds) else duration(seconds)
    lasts *= max(1.0, frames / len(seconds))
    moments = seconds[0] + (np.arange(length) + 0.5) / length * lasts
    return (np.searchsorted(seconds, moments + ROUNDING, side="right") - 1).astype(np.int64)


def time_windows(seconds: np.ndarray, length: float, mode: str) -> list[tuple[int, int]]:
    """Return `(start, stop)` frames of windows of a length of seconds, `cut` end to end or the `first` alone.

    A rest that is shorter is left out; a clip that is shorter than a window is one.
    """
    if not len(seconds):
        return []
    whole = 1 if mode == "first" else max(1, int((duration(seconds) + ROUNDING) // length))
    edges = np.searchsorted(seconds - seconds[0], np.arange(whole + 1) * length - ROUNDING)
    return [(int(start), int(stop)) for start, stop in pairwise(edges) if stop > start]
