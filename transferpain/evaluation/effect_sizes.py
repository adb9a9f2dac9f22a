"""How large a difference is, in words that do not depend on the number of subjects."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import quantile_test, rankdata

from transferpain.evaluation.comparisons import nonzero_differences, paired_arrays

LEVEL = 0.95
NO_INTERVAL = "No interval is computed for it; see the paired difference."


@dataclass(frozen=True)
class Effect:
    """An effect size; `low` and `high` are None where there is no interval, and `reason` says why.

    `number` is how many values or pairs stand behind it.
    """

    value: float | None
    low: float | None
    high: float | None
    number: int
    reason: str = ""


def median_difference(a: np.ndarray, b: np.ndarray) -> Effect:
    """Return the median of the subjects' differences a - b, with its exact 95 % interval from order statistics.

    Args:
        a: scores of the one run, `(subjects,)`.
        b: scores of the other, the same subjects in the same order.

    Raises:
        ValueError: if the shapes differ or a score is not finite.
    """
    a, b = paired_arrays(a, b)
    differences = a - b
    if len(a) == 0:
        return Effect(None, None, None, 0, "There is no subject.")
    bounds = quantile_test(differences, p=0.5).confidence_interval(LEVEL)
    median = float(np.median(differences))
    if not np.isfinite(bounds).all():
        covered = 1 - 2.0 ** (1 - len(a))
        reason = f"{len(a)} subjects: even from the lowest to the highest an interval covers {covered:.1%} only."
        return Effect(median, None, None, len(a), reason)
    return Effect(median, float(bounds.low), float(bounds.high), len(a))


def rank_biserial(a: np.ndarray, b: np.ndarray) -> Effect:
    """Return the matched-pairs rank-biserial correlation, the effect size of Wilcoxon's signed-rank test.

    The ranks of the subjects that speak for `a` minus those that speak for `b`, as a share of all: -1 to 1 (Kerby
    2014). Subjects without a difference are dropped.

    Args:
        a: scores of the one run, `(subjects,)`.
        b: scores of the other, the same subjects in the same order.

    Raises:
        ValueError: if the shapes differ or a score is not finite.
    """
    differences = nonzero_differences(a, b)
    if len(differences) == 0:
        return Effect(None, None, None, 0, "No subject differs between the runs.")
    ranks = rankdata(np.abs(differences))
    return Effect(float((np.sign(differences) * ranks).sum() / ranks.sum()), None, None, len(differences), NO_INTERVAL)


def cliffs_delta(a: np.ndarray, b: np.ndarray) -> Effect:
    """Return Cliff's delta, P(a > b) - P(a < b), for two groups of different subjects: -1 to 1 (Cliff 1993).

    Args:
        a: scores of the one group, `(subjects,)`.
        b: scores of the other, any number.

    Raises:
        ValueError: if a score is not finite.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or b.ndim != 1 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"Both need one finite score a subject. Received: shapes {a.shape} and {b.shape}")
    if len(a) == 0 or len(b) == 0:
        return Effect(None, None, None, len(a) + len(b), "A group has no subject.")
    signs = np.sign(np.round(a[:, None] - b[None, :], 12))
    return Effect(float(signs.mean()), None, None, len(a) + len(b), NO_INTERVAL)
