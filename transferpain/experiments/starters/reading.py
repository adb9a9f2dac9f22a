"""How the clips of a first experiment are read: which stretch, and how many frames of it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.experiments.estimate import with_headers
from transferpain.strategies.common.settings import WindowSettings

RATE = 5.0  # frames a second that are looked at
SPREAD = 16  # of clips without a rate, so many frames
LEFT_OUT = 10  # one in so many clips may be shorter than the stretch, and is left out


@dataclass(frozen=True)
class ClipReading:
    """Parts of an experiment file.

    Attributes:
        features, window: as these keys hold it.
        every: step between the pictures that a network is trained on.
        spread: `features.frames` for clips of any kind.
    """

    features: dict[str, Any]
    window: dict[str, Any]
    every: int
    spread: int


def propose_reading(clips: pd.DataFrame, data_root: Path) -> ClipReading:
    """Return a stretch that the clips have, by what their headers state, and a rate of about five frames a second.

    Args:
        clips: rows of an index.
    """
    clips = with_headers(clips, data_root)
    frames, rate = clips["num_frames"].to_numpy(dtype=float), clips["fps"].astype("Float64").fillna(0).to_numpy(float)
    rated = rate > 0
    seconds = (frames[rated] / rate[rated])[frames[rated] > 0]
    pictures = frames[~rated & (frames > 0)]
    window: dict[str, Any] = {}
    if len(seconds):
        longest = WindowSettings().seconds
        window["seconds"] = max(0.01, math.floor(min(longest, _common(seconds)) * 100) / 100)
    shortest = int(_common(pictures)) if len(pictures) else SPREAD
    if len(set(pictures)) > 1:
        window["frames"] = shortest
    spread = min(SPREAD, shortest)
    if rated.all():
        slowest = min(RATE, math.floor(rate.min() * 100) / 100) or RATE
        return ClipReading({"fps": slowest}, window, max(1, round(float(pd.Series(rate).median()) / RATE)), spread)
    return ClipReading({"frames": spread}, window, max(1, shortest // SPREAD), spread)


def _common(lengths) -> float:
    """Return a length that the clips have: that of the shortest, unless a few are far shorter than the others."""
    ordered = sorted(lengths)
    if 2 * ordered[0] >= ordered[len(ordered) // 2]:
        return float(ordered[0])
    return float(ordered[(len(ordered) - 1) // LEFT_OUT])
