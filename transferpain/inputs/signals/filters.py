"""Filters of signals: Butterworth, run forwards and backwards, so that nothing moves in time; and gaps before them."""

from typing import Literal

import numpy as np

NYQUIST_SHARE = 0.9  # of half the rate: no filter can end at half the rate itself
KEPT_BAND = 0.8  # of half the rate of the rows, when a signal is read at a lower rate


def filtered(
    x: np.ndarray,
    rate: float,
    edges: float | tuple[float, float],
    kind: Literal["lowpass", "highpass", "bandpass"],
    order: int = 2,
) -> np.ndarray:
    """Return a signal with one band of it, float64 `(samples,)`.

    Args:
        x: float64 `(samples,)` without NaN.
        rate: samples a second.
        edges: in hertz; what lies above nine tenths of half the rate is brought down to that.
        kind: which side of the edges is kept.
        order: of the filter, which runs twice.
    """
    from scipy.signal import butter, sosfiltfilt

    highest = NYQUIST_SHARE * rate / 2
    cut = np.minimum(edges, highest)
    if kind == "lowpass" and cut >= highest:
        return np.asarray(x, dtype=np.float64)
    sections = butter(order, cut, kind, fs=rate, output="sos")
    padding = min(3 * (2 * len(sections) + 1), len(x) - 1)
    return sosfiltfilt(sections, x, padlen=padding)


def for_rate(x: np.ndarray, rate: float, rows: float) -> np.ndarray:
    """Return a signal without what is too fast for so many rows a second."""
    return filtered(x, rate, KEPT_BAND * rows / 2, "lowpass", order=4) if rows < rate else x


def bridged(x: np.ndarray, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a signal whose gaps are bridged by straight lines, and which samples stay missing.

    Args:
        x: float64 `(samples,)`, NaN where nothing was recorded.
        longest: samples of the longest gap that counts as bridged.

    Returns:
        `(filled, missing)`: float64 `(samples,)` without NaN, zeros where nothing was recorded at all; and bool
        `(samples,)`, the samples of longer gaps, of which the line says nothing.
    """
    lost = np.isnan(x)
    if lost.all():
        return np.zeros(len(x)), lost
    places = np.arange(len(x))
    filled = np.interp(places, places[~lost], x[~lost])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(np.int8)))
    missing = np.zeros(len(x), bool)
    for start, stop in edges.reshape(-1, 2):
        missing[start:stop] = stop - start > longest
    return filled, missing
