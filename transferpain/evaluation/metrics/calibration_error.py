"""Whether the probabilities are to be believed: the expected calibration error, and the bins behind it."""

import numpy as np

from transferpain.evaluation.metrics.metric import Metric
from transferpain.evaluation.resampling import Answers, Statistic, weighted

BINS = 15


def error_statistic(answers: Answers) -> Statistic:
    """Return what computes `calibration_error` of counted subjects (`expected_calibration_error`).

    Chance alone adds to it, more the fewer clips there are, so that an interval around it would be one of that.
    """
    bins = reliability(answers)

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        return {"calibration_error": expected_calibration_error(weighted(times, bins))}

    return score


def reliability(answers: Answers) -> np.ndarray:
    """Sort the answers into 15 bins of equal width by their confidence, the probability of the answered class.

    Where frames vote, the answered class need not be the most probable one.

    Returns:
        float64 `(subjects, seeds, 15, 3)`: of each bin the number of clips, the sum of their confidences and how
        many answers are right. A confidence on the border of two bins is in the lower one.
    """
    confidence = answers.probabilities[np.arange(len(answers.y_pred)), answers.y_pred]
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    cells = (answers.subject * len(answers.seeds) + answers.seed) * BINS + bins
    shape = (answers.subjects, len(answers.seeds), BINS)
    values = (np.ones(len(cells)), confidence, answers.y_pred == answers.y_true)
    sums = [np.bincount(cells, weights=column, minlength=np.prod(shape)).reshape(shape) for column in values]
    return np.stack(sums, axis=-1)


def expected_calibration_error(bins: np.ndarray) -> np.ndarray:
    """Return the mean gap between confidence and accuracy of the bins, weighted by their clips (Guo et al. 2017).

    Args:
        bins: clips, sum of confidences and right answers of each bin, `(..., 15, 3)`, with at least one clip.
    """
    clips, confidence, right = np.moveaxis(bins, -1, 0)
    return np.abs(confidence - right).sum(axis=-1) / clips.sum(axis=-1)


def describe_bins(answers: Answers) -> list[dict[str, float]]:
    """Return the bins that hold a clip, over all seeds: low, high, clips, mean confidence, accuracy."""
    rows = []
    for number, (clips, confidence, right) in enumerate(reliability(answers).sum(axis=(0, 1))):
        if clips:
            row = {"low": number / BINS, "high": (number + 1) / BINS, "clips": int(clips)}
            rows.append(row | {"confidence": float(confidence / clips), "accuracy": float(right / clips)})
    return rows


CALIBRATION_ERROR = Metric(
    "calibration_error",
    "Calibration error",
    "probabilities",
    False,
    (0, 1),
    statistic=error_statistic,
    has_interval=False,
)
