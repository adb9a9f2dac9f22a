"""Skin conductance (EDA, GSR): a slow level, and quick responses on it (Boucsein 2012, Electrodermal Activity).

The level is what is slower than 0.05 Hz, the responses what is faster, up to 3 Hz; a response counts from 0.05 uS on.
"""

from itertools import pairwise

import numpy as np

from transferpain.inputs.signals.filters import filtered
from transferpain.inputs.signals.kinds.base import SignalKind, slope

FASTEST = 3.0  # Hz; conductance does not change faster
SLOWEST_RESPONSE = 0.05  # Hz
LEAST_RESPONSE = 0.05  # in the unit of the signal, microsiemens
MEASURES = (
    "level, mean (uS)",
    "conductance, slope (uS/s)",
    "conductance, highest minus lowest (uS)",
    "conductance, last fifth minus first fifth (uS)",
    "responses, mean magnitude (uS)",
    "responses, highest (uS)",
    "responses of 0.05 uS or more (1/s)",
    "responses of 0.05 uS or more, sum of their heights (uS)",
)


def conductance(x: np.ndarray, rate: float) -> np.ndarray:
    """Return the signal without what is no conductance: below 3 Hz."""
    return filtered(x, rate, FASTEST, "lowpass", order=4)


def level_and_responses(x: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Split a conductance into its slow level and its responses, which lie about 0."""
    return filtered(x, rate, SLOWEST_RESPONSE, "lowpass"), filtered(x, rate, SLOWEST_RESPONSE, "highpass")


def responses(fast: np.ndarray, least: float = LEAST_RESPONSE) -> tuple[np.ndarray, np.ndarray]:
    """Return where responses have their tops, int64, and how high each stands above its foot.

    A foot is the lowest point between a top and the one before. `least` is what a top stands out by on both sides.
    """
    from scipy.signal import find_peaks

    tops, _ = find_peaks(fast, prominence=least)
    feet = [fast[start : top + 1].min() for start, top in pairwise([0, *tops])]
    return tops, fast[tops] - np.array(feet)


def measure(x: np.ndarray, rate: float) -> np.ndarray:
    """Return `MEASURES` of a signal in microsiemens."""
    clean = conductance(x, rate)
    level, fast = level_and_responses(clean, rate)
    tops, heights = responses(fast)
    fifth = max(1, len(x) // 5)
    return np.array(
        [
            level.mean(),
            slope(clean, rate),
            np.ptp(clean),
            clean[-fifth:].mean() - clean[:fifth].mean(),
            np.abs(fast).mean(),
            fast.max(),
            len(tops) * rate / len(x),
            heights.sum(),
        ]
    )


EDA = SignalKind("eda", MEASURES, measure, conductance, least_rate=8.0)
