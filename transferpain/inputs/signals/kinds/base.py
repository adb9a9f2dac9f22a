"""What a kind of signal is: what is measured of it over a clip, and what a network reads of it in time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SignalKind:
    """A kind of signal, such as skin conductance.

    Attributes:
        name: as `channels` of an experiment names it.
        measures: what each measure is, with its unit, in their order.
        measure: from a signal, float64 `(samples,)` without NaN, and its rate in samples a second to the measures,
            float64 `(measures,)`; all NaN where it cannot be measured.
        course: from the same to what is read in time, float64 `(samples,)`; it is made slow enough for its rows after.
        least_rate: samples a second that the measures need.
    """

    name: str
    measures: tuple[str, ...]
    measure: Callable[[np.ndarray, float], np.ndarray]
    course: Callable[[np.ndarray, float], np.ndarray]
    least_rate: float


def slope(x: np.ndarray, rate: float) -> float:
    """Return the slope of the straight line of least squares through a signal, per second."""
    seconds = (np.arange(len(x)) - (len(x) - 1) / 2) / rate
    spread = float(seconds @ seconds)
    return float(seconds @ x) / spread if spread else 0.0
