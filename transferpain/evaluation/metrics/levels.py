"""Scores of ordered classes, whose number is their level: how far answers are from the labels.

Two answers are scored: the predicted level, and the expected level `sum(p_k * k)` (protocols of the field report
both). Everything follows from sums over clips, so that many samples of subjects are scored at once.
"""

from functools import partial

import numpy as np

from transferpain.evaluation.confusion import divide, mean_over_present
from transferpain.evaluation.metrics.metric import Metric
from transferpain.evaluation.resampling import Answers, Statistic, weighted

# Levels whose standard deviation is below a millionth of a level differ by rounding only.
NO_VARIANCE = 1e-12
ONE_LEVEL = "the labels are of one level, so there is nothing to agree on"
# The ending of the names of scores of the expected level.
EXPECTED = "_expected"
CONSTANT = "the answers do not vary"
TERMS = 7  # number, moments and error: what is summed whatever the level


def levels_statistic(answers: Answers) -> Statistic:
    """Return what computes the scores of levels of counted subjects.

    - `mae`: mean absolute error, in levels;
    - `mae_balanced`: the mean over the levels that occur of the error of the clips with that label; NaN of a sample
      that lost one of them;
    - `mse`: mean squared error, in squared levels;
    - `icc`: ICC(3,1) of label and answer as two raters of a clip;
    - `pcc`: Pearson's correlation coefficient;
    - `ccc`: Lin's concordance correlation coefficient;
    - `..._expected`: the same of the expected level.

    Where the labels are of one level all but the errors are NaN; a correlation also where the answers do not vary.
    """
    num_classes = answers.probabilities.shape[1]
    # The sums below lose fewer digits near 0.
    center = (num_classes - 1) / 2
    true = answers.y_true - center
    levels = {"": answers.y_pred - center, EXPECTED: answers.probabilities @ np.arange(num_classes) - center}
    of_level = np.eye(num_classes)[answers.y_true]
    sums = {ending: answers.sum_by_subject(_terms(true, level, of_level)) for ending, level in levels.items()}

    occurring = answers.sum_by_subject(of_level).sum(axis=0)

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        scores = {}
        for ending, by_subject in sums.items():
            totals = weighted(times, by_subject)
            count, *moments, error = np.moveaxis(totals[..., :TERMS], -1, 0)
            clips, errors = np.split(totals[..., TERMS:], 2, axis=-1)
            covariance = covariance_of(count, *moments)
            x, y, xx, xy, yy = moments
            scores[f"mae{ending}"] = divide(error, count, np.nan)
            kept = ((clips > 0) | (occurring == 0)).all(axis=-1)
            scores[f"mae_balanced{ending}"] = np.where(kept, mean_over_levels(clips, errors), np.nan)
            scores[f"mse{ending}"] = divide(xx - 2 * xy + yy, count, np.nan)
            labels_vary = covariance[..., 0, 0] > NO_VARIANCE
            scores[f"icc{ending}"] = np.where(labels_vary, icc_3_1(covariance), np.nan)
            scores[f"pcc{ending}"] = pearson(covariance)
            scores[f"ccc{ending}"] = np.where(
                labels_vary, concordance(covariance, divide(x - y, count, np.nan)), np.nan
            )
        return scores

    return score


def _terms(true: np.ndarray, level: np.ndarray, of_level: np.ndarray) -> np.ndarray:
    """Return what is summed over clips, `(clips, TERMS + 2 levels)`; last each level's clips and their errors."""
    error = abs(true - level)
    terms = (np.ones(len(true)), true, level, true**2, true * level, level**2, error)
    return np.column_stack([*terms, of_level, of_level * error[:, np.newaxis]])


def why_undefined(name: str, answers: Answers, seed: int) -> str | None:
    """Return why a score of one seed is not defined; `None` if it is.

    Args:
        name: of the score.
        answers: the labelled clips, at least one.
        seed: position of the seed.
    """
    rows = answers.seed == seed
    if name.startswith(("mae", "mse")):
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


def concordance(covariance: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return Lin's concordance correlation coefficient (Lin 1989) of two variables; NaN where neither varies.

    Args:
        covariance: `(..., 2, 2)`, of all clips (divided by their number).
        apart: `(...)`, the difference of their means.
    """
    total = covariance[..., 0, 0] + covariance[..., 1, 1] + apart**2
    return divide(2 * covariance[..., 0, 1], total, np.nan)


def mean_over_levels(clips: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the mean of the mean error of each level that occurs.

    Args:
        clips: `(..., levels)`, how many have each level as their label.
        errors: `(..., levels)`, the sums of their errors.
    """
    return mean_over_present(divide(errors, clips, np.nan))


def quadratic_kappa(confusion: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa with quadratic weights (Cohen 1968) of confusion matrices `(..., classes, classes)`.

    NaN where all labels are of one level.
    """
    levels = np.arange(confusion.shape[-1])
    weights = (levels[:, np.newaxis] - levels) ** 2
    true, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    observed = (confusion * weights).sum(axis=(-2, -1))
    by_chance = (true[..., np.newaxis] * predicted[..., np.newaxis, :] * weights).sum(axis=(-2, -1))
    expected = divide(by_chance, true.sum(axis=-1), np.nan)
    return np.where((true > 0).sum(axis=-1) > 1, 1 - divide(observed, expected, np.nan), np.nan)


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
MAE_BALANCED = _metric("mae_balanced", "MAE over levels", False, (0, np.inf))
MSE = _metric("mse", "MSE", False, (0, np.inf))
ICC = _metric("icc", "ICC(3,1)", True, (-1, 1))
QUADRATIC_KAPPA = Metric(
    "quadratic_kappa",
    "Quadratic kappa",
    "levels",
    True,
    (-1, 1),
    measure=quadratic_kappa,
    reason=partial(why_undefined, "quadratic_kappa"),
)
PCC = _metric("pcc", "PCC", True, (-1, 1))
CCC = _metric("ccc", "CCC", True, (-1, 1))
MAE_EXPECTED = _metric("mae_expected", "MAE (expected level)", False, (0, np.inf))
MAE_BALANCED_EXPECTED = _metric("mae_balanced_expected", "MAE over levels (expected level)", False, (0, np.inf))
MSE_EXPECTED = _metric("mse_expected", "MSE (expected level)", False, (0, np.inf))
ICC_EXPECTED = _metric("icc_expected", "ICC(3,1) (expected level)", True, (-1, 1))
PCC_EXPECTED = _metric("pcc_expected", "PCC (expected level)", True, (-1, 1))
CCC_EXPECTED = _metric("ccc_expected", "CCC (expected level)", True, (-1, 1))
