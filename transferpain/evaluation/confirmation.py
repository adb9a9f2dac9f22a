"""Whether a difference that is expected comes out on several sets of data, each drawn and trained on its own.

A set is the unit here: between sets people, trainings and luck differ alike, so the interval of the mean over sets
holds all of it (Student's t, one difference a set), where that over the subjects of one set holds people alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from transferpain.evaluation.comparisons import holm
from transferpain.evaluation.interval_limits import FEWEST_SETS

HOLDS, NOT_SHOWN, OPPOSITE = "holds", "not shown", "the opposite"


@dataclass(frozen=True)
class Confirmed:
    """What became of one difference.

    Attributes:
        values: the difference in each set.
        mean, low, high: their mean with its 95 % interval; NaN bounds where no interval can be had.
        p: two-sided, that the mean is 0; `None` where there is no interval.
        adjusted_p: corrected by Holm's method over all that were asked together.
    """

    values: tuple[float, ...]
    mean: float
    low: float
    high: float
    p: float | None
    adjusted_p: float | None

    @property
    def verdict(self) -> str:
        """`holds` if the interval lies above 0, `the opposite` if below, else `not shown`."""
        if self.low > 0:
            return HOLDS
        return OPPOSITE if self.high < 0 else NOT_SHOWN


def confirm(differences: Mapping[str, Sequence[float]]) -> dict[str, Confirmed]:
    """Judge several differences, each by its values over the sets.

    Args:
        differences: name -> the difference in each set. One that is the same in every set has no interval: so few
            answers differ that nothing is known of how far it moves.

    Raises:
        ValueError: if a difference has fewer than `FEWEST_SETS` values.
    """
    intervals = {name: _interval(np.asarray(values, np.float64)) for name, values in differences.items()}
    adjusted = holm("differences", {name: found[3] for name, found in intervals.items()}).adjusted
    return {
        name: Confirmed(tuple(map(float, differences[name])), *found, adjusted[name])
        for name, found in intervals.items()
    }


def _interval(values: np.ndarray) -> tuple[float, float, float, float | None]:
    """Return mean, bounds and p."""
    if len(values) < FEWEST_SETS:
        raise ValueError(f"a difference needs {FEWEST_SETS} sets, received {len(values)}")
    mean = float(values.mean())
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return mean, np.nan, np.nan, None
    test = stats.ttest_1samp(values, 0.0)
    bounds = test.confidence_interval(0.95)
    return mean, float(bounds.low), float(bounds.high), float(test.pvalue)
