"""Any other signal, such as haemoglobin of an fNIRS channel, breath or oxygen: what it is on the whole, as it is."""

import numpy as np

from transferpain.inputs.signals.kinds.base import SignalKind, slope

MEASURES = ("mean", "standard deviation", "lowest", "highest", "slope (1/s)")


def measure(x: np.ndarray, rate: float) -> np.ndarray:
    """Return `MEASURES` of a signal, in its own unit."""
    return np.array([x.mean(), x.std(), x.min(), x.max(), slope(x, rate)])


def course(x: np.ndarray, rate: float) -> np.ndarray:
    return x


OTHER = SignalKind("other", MEASURES, measure, course, least_rate=0.1)
