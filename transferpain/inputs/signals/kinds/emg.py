"""Muscles (EMG): how strongly and how fast they are active (Phinyomark et al. 2012, Expert Syst. Appl. 39:7420).

All of it is measured between 20 and 250 Hz, or as far as the rate reaches.
"""

import numpy as np

from transferpain.inputs.signals.filters import filtered
from transferpain.inputs.signals.kinds.base import SignalKind

BAND = (20.0, 250.0)
HALVES = 80.0  # Hz; powers are those below and above
WELCH_SECONDS = 0.5
ENVELOPE = 5.0  # Hz
MEASURES = (
    "root mean square",
    "mean magnitude",
    "highest of the envelope",
    "waveform length (1/s)",
    "zero crossings (1/s)",
    "power from 20 to 80 Hz",
    "power from 80 to 250 Hz",
)


def active(x: np.ndarray, rate: float) -> np.ndarray:
    """Return what muscles give of a signal."""
    return filtered(x, rate, BAND, "bandpass", order=4)


def envelope(x: np.ndarray, rate: float) -> np.ndarray:
    """Return how strongly a muscle is active in time: the magnitude, below 5 Hz."""
    return filtered(np.abs(active(x, rate)), rate, ENVELOPE, "lowpass")


def measure(x: np.ndarray, rate: float) -> np.ndarray:
    """Return `MEASURES` of a signal, in its own unit, or that squared."""
    from scipy.signal import welch

    own, seconds = active(x, rate), len(x) / rate
    frequencies, density = welch(own, rate, nperseg=min(len(own), round(WELCH_SECONDS * rate)))
    width = frequencies[1] - frequencies[0] if len(frequencies) > 1 else 0.0
    low, high = ((frequencies >= BAND[0]) & (frequencies < HALVES)), (frequencies >= HALVES)
    return np.array(
        [
            np.sqrt(np.mean(own**2)),
            np.abs(own).mean(),
            envelope(x, rate).max(),
            np.abs(np.diff(own)).sum() / seconds,
            np.count_nonzero(np.diff(np.signbit(own))) / seconds,
            density[low].sum() * width,
            density[high].sum() * width,
        ]
    )


EMG = SignalKind("emg", MEASURES, measure, envelope, least_rate=128.0)
