"""The primary comparison of two runs: their pooled score, with the runs swapped within whole subjects.

If both runs are equally good, each subject's answers could as well be the other run's. So the difference of the pooled
score is held against what it becomes when the runs are swapped for some of the subjects, a subject with all its clips.
Constant answers gain nothing by it, as they do where each subject has a score of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.resampling import read_answers
from transferpain.evaluation.statistics import require_same_clips

# All swaps of 13 subjects are 8,192: they are counted.
COUNTED_SUBJECTS = 13
SWAPS = 20_000
# Bounds the memory of the swaps that are scored together.
SWAPS_AT_ONCE = 1000
# Rounding must not turn a tie into a smaller difference.
TOLERANCE = 1e-12


@dataclass(frozen=True)
class SwapTest:
    """Two runs swapped within whole subjects, two-sided.

    Attributes:
        difference: of the pooled scores, the first run's minus the second's, each averaged over its seeds.
        p: share of the swaps that reach a difference as large; 1 where no subject differs.
        subjects: how many were tested.
        differing: for how many of them the two runs count differently: swapping the others changes nothing.
        smallest_p: the smallest p-value that so many differing subjects can give.
        method: `exact`, or `20,000 swaps at random`.
        reason: what limits it.
    """

    difference: float
    p: float
    subjects: int
    differing: int
    smallest_p: float
    method: str
    reason: str = ""


def swap_test(a: pd.DataFrame, b: pd.DataFrame, metric: str = "balanced_accuracy", *, seed: int = 0) -> SwapTest | None:
    """Test whether two runs on the same clips differ in their pooled score.

    Every seed of the one run is swapped with its like of the other; with different numbers of seeds, with each of them.

    Args:
        a: predictions of the one run.
        b: predictions of the other; its number of seeds may differ.
        metric: a name from `COMPARED`.
        seed: of the swaps, where there are too many to count all.

    Returns:
        None where no clip has a label.

    Raises:
        UserError: if the runs were not tested on the same labelled clips.
    """
    require_same_clips(a, b)
    first, second = (read_answers(table).confusions.astype(np.float64) for table in (a, b))
    subjects = len(first)
    if not subjects:
        return None
    first, second = _paired(first, second, METRICS[metric].linear)
    effect = _effects(first, second, metric)
    differing, observed = effect.subjects, effect.observed
    smallest = smallest_p(differing)
    if not differing:
        return SwapTest(observed, 1.0, subjects, 0, 1.0, "exact", "No subject differs between the runs.")
    exact = differing <= COUNTED_SUBJECTS
    swaps = _all_swaps(differing) if exact else _random_swaps(differing, seed)
    reached = sum(int((np.abs(effect.of(one)) >= abs(observed) - TOLERANCE).sum()) for one in swaps)
    p = reached / 2**differing if exact else (reached + 1) / (SWAPS + 1)
    method = "exact" if exact else f"{SWAPS:,} swaps at random"
    return SwapTest(observed, p, subjects, differing, smallest if exact else max(smallest, 1 / (SWAPS + 1)), method)


@dataclass(frozen=True)
class _Effect:
    """The observed difference, and `of`: what swaps `(swaps, subjects)`, 1 where one is swapped, make of it."""

    observed: float
    subjects: int
    of: Callable[[np.ndarray], np.ndarray]


def _effects(first: np.ndarray, second: np.ndarray, metric: str) -> _Effect:
    change = second - first  # (subjects, pairs, K, K)
    change = change[(np.abs(change) > TOLERANCE).any(axis=(1, 2, 3))]
    totals, measure = (first.sum(axis=0), second.sum(axis=0)), METRICS[metric].measure

    def difference(swapped: np.ndarray) -> np.ndarray:
        moved = (swapped @ change.reshape(len(change), totals[0].size)).reshape(len(swapped), *totals[0].shape)
        return (measure(totals[0] + moved) - measure(totals[1] - moved)).mean(axis=-1)

    observed = float(difference(np.zeros((1, len(change))))[0])
    if not METRICS[metric].linear or not len(change):
        return _Effect(observed, len(change), difference)
    # Each subject's swap adds its own part, whoever else is swapped.
    parts = difference(np.eye(len(change))) - observed
    parts = parts[np.abs(parts) > TOLERANCE]
    return _Effect(observed, len(parts), lambda swapped: observed + swapped @ parts)


def smallest_p(subjects: int) -> float:
    """Return the smallest two-sided p-value that swaps of so many subjects can give: two of all 2^n swaps."""
    return min(1.0, 2.0 ** (1 - subjects))


def _paired(first: np.ndarray, second: np.ndarray, linear: bool) -> tuple[np.ndarray, np.ndarray]:
    """Pair the seeds of two runs: counts `(subjects, seeds, K, K)` each become `(subjects, pairs, K, K)`."""
    if linear:
        # The mean over seeds of the scores is the score of the mean counts.
        return first.mean(axis=1, keepdims=True), second.mean(axis=1, keepdims=True)
    if first.shape[1] == second.shape[1]:
        return first, second
    return first.repeat(second.shape[1], axis=1), np.tile(second, (1, first.shape[1], 1, 1))


def _all_swaps(differing: int) -> Iterator[np.ndarray]:
    for start in range(0, 2**differing, SWAPS_AT_ONCE):
        numbers = np.arange(start, min(start + SWAPS_AT_ONCE, 2**differing))
        yield ((numbers[:, np.newaxis] >> np.arange(differing)) & 1).astype(np.float64)


def _random_swaps(differing: int, seed: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(seed)
    for _ in range(0, SWAPS, SWAPS_AT_ONCE):
        yield generator.integers(0, 2, (SWAPS_AT_ONCE, differing)).astype(np.float64)
