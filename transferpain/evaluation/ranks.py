"""Three or more runs on the same subjects: Friedman's test, and Nemenyi's after it (Demsar 2006).

The subjects of one target are the blocks, not the datasets: with two to four datasets the tests have no power.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range

ALPHA = 0.05
# Friedman's chi-squared distribution is an approximation for more than ten blocks, and a rough one up to five runs
# (Demsar 2006).
FEWEST_SUBJECTS = 11


@dataclass(frozen=True)
class RankTest:
    """Friedman's test with Nemenyi's comparison of all pairs; None where it is refused, and `reason` says why.

    Attributes:
        p: of Friedman's test.
        mean_ranks: of each run, 1 is the best.
        critical_difference: how far apart mean ranks must lie.
        different: pairs of runs that lie so far apart, the better one first; empty unless `p` is below .05.
        subjects: number of blocks.
    """

    p: float | None
    mean_ranks: dict[str, float]
    critical_difference: float | None
    different: tuple[tuple[str, str], ...]
    subjects: int
    reason: str = ""


def rank_runs(scores: np.ndarray, names: Sequence[str]) -> RankTest:
    """Compare three or more runs by the ranks of their scores within each subject.

    Args:
        scores: higher is better, float `(subjects, runs)`.
        names: of the runs, `(runs,)`.

    Raises:
        ValueError: if the shapes do not agree or a score is not finite.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 2 or scores.shape[1] != len(names) or not np.isfinite(scores).all():
        raise ValueError(f"The scores must be finite, (subjects, {len(names)}). Received: {scores.shape}")
    subjects, runs = scores.shape
    # Two equal shares can differ in the last bit, and equal scores must tie.
    ranks = rankdata(-np.round(scores, 12), axis=1)
    mean_ranks = dict(zip(names, ranks.mean(axis=0).tolist(), strict=True)) if subjects else {}

    def refused(reason: str) -> RankTest:
        return RankTest(None, mean_ranks, None, (), subjects, reason)

    if runs < 3:
        return refused(f"{runs} runs: two are compared by their paired difference; Friedman's test is for three.")
    if subjects < FEWEST_SUBJECTS:
        return refused(f"{subjects} subjects: Friedman's approximation needs {FEWEST_SUBJECTS}.")
    if (ranks == ranks[:, :1]).all():
        return refused("Every subject has the same score in all runs.")
    p = float(friedmanchisquare(*ranks.T).pvalue)
    distance = critical_difference(runs, subjects)
    if p >= ALPHA:
        reason = f"Friedman's p is not below {ALPHA:g}: no pair is singled out."
        return RankTest(p, mean_ranks, distance, (), subjects, reason)
    in_order = sorted(names, key=mean_ranks.get)
    pairs = tuple(pair for pair in combinations(in_order, 2) if mean_ranks[pair[1]] - mean_ranks[pair[0]] >= distance)
    return RankTest(p, mean_ranks, distance, pairs, subjects)


def critical_difference(runs: int, subjects: int, alpha: float = ALPHA) -> float:
    """Return Nemenyi's critical difference of mean ranks, q sqrt(k (k + 1) / (6 N)).

    Args:
        runs: k, at least 2.
        subjects: N, at least 1.
        alpha: probability that any pair of equal runs lies so far apart.
    """
    return nemenyi_q(runs, alpha) * float(np.sqrt(runs * (runs + 1) / (6 * subjects)))


def nemenyi_q(runs: int, alpha: float = ALPHA) -> float:
    """Return the quantile of the studentized range for `runs` and infinite degrees of freedom, over sqrt(2)."""
    return float(studentized_range.ppf(1 - alpha, runs, np.inf) / np.sqrt(2))
