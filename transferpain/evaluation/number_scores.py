"""How well numbers are answered that are no levels of a task, such as intensities of action units.

The scores are those of `metrics.levels`, and the intervals those of all scores (`resampling.jackknife`): subjects are
left out with all their rows.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from transferpain.evaluation.confusion import divide
from transferpain.evaluation.metrics.levels import CONSTANT, NO_VARIANCE, covariance_of, icc_3_1, pearson
from transferpain.evaluation.resampling import Interval, Statistic, jackknife, weighted

BOUNDS = {"mae": (0.0, np.inf), "pcc": (-1.0, 1.0), "icc": (-1.0, 1.0)}
SAME_LABEL = "the labels do not vary"


def score_numbers(rows: pd.DataFrame) -> dict[str, tuple[Interval, str]]:
    """Return `mae`, `pcc` (Pearson's correlation) and `icc` (ICC(3,1)), each a mean over seeds with its interval.

    Args:
        rows: float `true` and `answered`, neither of them NaN; `subject`, whose names differ over datasets, and `seed`.

    Returns:
        With each score why it is not defined; "" where it is.
    """
    subject, subjects = pd.factorize(rows["subject"], sort=True)
    seed, seeds = pd.factorize(rows["seed"], sort=True)
    true, answered = rows["true"].to_numpy(np.float64), rows["answered"].to_numpy(np.float64)
    statistic = numbers_statistic(true, answered, subject, seed)
    intervals = jackknife(statistic, len(subjects), BOUNDS)
    return {name: (one, _why_undefined(name, true, answered, seed, len(seeds))) for name, one in intervals.items()}


def numbers_statistic(true: np.ndarray, answered: np.ndarray, subject: np.ndarray, seed: np.ndarray) -> Statistic:
    """Return what computes the scores of counted subjects.

    Args:
        true, answered: float64 `(rows,)`.
        subject, seed: int64 `(rows,)`, from 0 on.
    """
    # The sums below lose fewer digits near 0.
    center = true.mean()
    x, y = true - center, answered - center
    shape = (int(subject.max()) + 1, int(seed.max()) + 1)
    groups = subject * shape[1] + seed
    terms = (np.ones(len(x)), x, y, x**2, x * y, y**2, abs(x - y))
    sums = np.stack([np.bincount(groups, term, shape[0] * shape[1]).reshape(shape) for term in terms], axis=-1)

    def score(times: np.ndarray) -> Mapping[str, np.ndarray]:
        count, *moments, error = np.moveaxis(weighted(times, sums), -1, 0)
        covariance = covariance_of(count, *moments)
        varies = covariance[..., 0, 0] > NO_VARIANCE
        return {
            "mae": divide(error, count, np.nan),
            "pcc": pearson(covariance),
            "icc": np.where(varies, icc_3_1(covariance), np.nan),
        }

    return score


def _why_undefined(name: str, true: np.ndarray, answered: np.ndarray, seed: np.ndarray, seeds: int) -> str:
    parts = [seed == number for number in range(seeds)]
    if name == "mae":
        return ""
    if any(true[part].var() <= NO_VARIANCE for part in parts):
        return SAME_LABEL
    return CONSTANT if name == "pcc" and any(answered[part].var() <= NO_VARIANCE for part in parts) else ""
