"""Scores of ordered classes, whose number is their level: how far answers are from the labels.

Two answers are scored: the predicted level, and the expected level `sum(p_k * k)` (protocols of the field report
both). Everything follows from sums over clips, so that many samples of subjects are scored at once.
"""

from functools import partial

import numpy as np

from transferpain.evaluation.confusion import divide
from transferpain.evaluation.metrics.metric import Metric
from transferpain.evaluation.resampling import Answers, Statistic, weighted

# Levels whose standard deviation is below a millionth of a level differ by rounding only.
NO_VARIANCE = 1e-12
ONE_LEVEL = "the labels are of one level, so there is nothing to agree on"
# The ending of the names of scores of the expected level.
EXPECTED = "_expected"
CONSTANT = "the answers do not vary"


def levels_statistic(answers: Answers) -> Statistic:
    """Return what computes the scores of levels of counted subjects.

    - `mae`: mean absolute error, in levels;
    - `icc`: ICC(3,1) of label and answer as two raters of a clip;
    - `quadratic_kappa`: Cohen's kappa with quadratic weights;
    - `pcc`: Pearson's correlation coefficient;
    - `..._expected`: the same of the expected level.

    Where the labels are of one level all but the error are NaN; a correlation also where the answers do not vary.
    """
    num_classes = answers.probabilities.shape[1]
    # The sums below lose fewer digits near 0.
    center = (num_classes - 1) / 2
    true = answers.y_true - center
    levels = {"": answers.y_pred - center, EXPECTED: answers.probabilities @ np.arange(num_classes) - center}
    sums = {
        ending: answers.sum_by_subject(
            np.stack([np.ones(len(true)), true, level, true**2, true * level, level**2, abs(true - level)], axis=-1)
        )
        for ending, level in levels.items()
    }

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        scores = {}
        for ending, by_subject in sums.items():
            count, *moments, error = np.moveaxis(weighted(times, by_subject), -1, 0)
            covariance = covariance_of(count, *moments)
            scores[f"mae{ending}"] = divide(error, count, np.nan)
            labels_vary = covariance[..., 0, 0] > NO_VARIANCE
            scores[f"icc{ending}"] = np.where(labels_vary, icc_3_1(covariance), np.nan)
            scores[f"pcc{ending}"] = pearson(covariance)
        kappa = quadratic_kappa(weighted(times, answers.confusions))
        scores["quadratic_kappa"] = np.where(labels_vary, kappa, np.nan)
        return scores

    return score


def why_undefined(name: str, answers: Answers, seed: int) -> str | None:
    """Return why a score of one seed is not defined; `None` if it is.

    Args:
        name: of the score.
        answers: the labelled clips, at least one.
        seed: position of the seed.
    """
    rows = answers.seed == seed
    if name.startswith("mae"):
        return None
    if len(np.unique(answers.y_true[rows])) < 2:
        return ONE_LEVEL
    if not name.startswith("pcc"):
        return None
    num_classes = answers.probabilities.shape[1]
    level = answers.probabilities @ np.arange(num_classes) if name.endswith(EXPECTED) else answers.y_pred
    return CONSTANT if level[rows].var() <= NO_VARIANCE else None


def covariance_of(
    count: np.ndarray, x: np.ndarray, y: np.ndarray, xx: np.ndarray, xy: np.ndarray, yy: np.ndarray
) -> np.ndarray:
    """Return the covariance matrix `(..., 2, 2)` of two variables from their number and the sums of their products."""
    mean_x, mean_y = divide(x, count, np.nan), divide(y, count, np.nan)
    both = divide(xy, count, np.nan) - mean_x * mean_y
    matrix = [[divide(xx, count, np.nan) - mean_x**2, both], [both, divide(yy, count, np.nan) - mean_y**2]]
    return np.moveaxis(np.array(matrix), (0, 1), (-2, -1))


def icc_3_1(covariance: np.ndarray) -> np.ndarray:
    """Return the intraclass correlation ICC(3,1): two-way mixed, consistency, single rater.

    (BMS - EMS) / (BMS + (k - 1) EMS) of k raters (Shrout & Fleiss 1979); both mean squares follow from the raters'
    covariance matrix up to a factor that cancels.

    Args:
        covariance: of the raters over the rated, `(..., k, k)`.

    Returns:
        `(...)`; NaN where no rater varies.
    """
    raters = covariance.shape[-1]
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    between = covariance.sum(axis=(-2, -1)) / raters
    error = (trace - between) / (raters - 1)
    return np.where(trace > NO_VARIANCE, divide(between - error, between + (raters - 1) * error, np.nan), np.nan)


def pearson(covariance: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of two variables from `(..., 2, 2)`; NaN where one of them does not vary."""
    x, y = covariance[..., 0, 0], covariance[..., 1, 1]
    varies = (x > NO_VARIANCE) & (y > NO_VARIANCE)
    return np.where(varies, divide(covariance[..., 0, 1], np.sqrt(np.maximum(x * y, 0)), np.nan), np.nan)


def quadratic_kappa(confusion: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa with quadratic weights (Cohen 1968) of confusion matrices `(..., classes, classes)`.

    NaN where labels and answers are all of one and the same class.
    """
    levels = np.arange(confusion.shape[-1])
    weights = (levels[:, np.newaxis] - levels) ** 2
    true, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    observed = (confusion * weights).sum(axis=(-2, -1))
    by_chance = (true[..., np.newaxis] * predicted[..., np.newaxis, :] * weights).sum(axis=(-2, -1))
    expected = divide(by_chance, true.sum(axis=-1), np.nan)
    return 1 - divide(observed, expected, np.nan)


def _metric(name: str, title: str, larger_is_better: bool, bounds: tuple[float, float]) -> Metric:
    return Metric(
        name,
        title,
        "levels",
        larger_is_better,
        bounds,
        statistic=levels_statistic,
        reason=partial(why_undefined, name),
    )


# The largest error depends on the number of levels.
MAE = _metric("mae", "MAE", False, (0, np.inf))
ICC = _metric("icc", "ICC(3,1)", True, (-1, 1))
QUADRATIC_KAPPA = _metric("quadratic_kappa", "Quadratic kappa", True, (-1, 1))
PCC = _metric("pcc", "PCC", True, (-1, 1))
MAE_EXPECTED = _metric("mae_expected", "MAE (expected level)", False, (0, np.inf))
ICC_EXPECTED = _metric("icc_expected", "ICC(3,1) (expected level)", True, (-1, 1))
PCC_EXPECTED = _metric("pcc_expected", "PCC (expected level)", True, (-1, 1))
