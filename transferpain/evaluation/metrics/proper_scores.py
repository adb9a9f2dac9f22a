"""Proper scores, which only true probabilities minimise: log loss and Brier score."""

import numpy as np

from transferpain.evaluation.metrics.metric import Metric
from transferpain.evaluation.resampling import Answers, Statistic, weighted

# Probabilities are stored as float32: one of exactly 0 stands for anything below its precision.
LEAST_PROBABILITY = float(np.finfo(np.float32).eps)


def proper_statistic(answers: Answers) -> Statistic:
    """Return what computes the proper scores of counted subjects, lower is better.

    - `log_loss`: mean of -log of the true class's probability (natural logarithm);
    - `brier`: mean over clips of the squared errors of all classes, summed: 0 to 2 (Brier 1950).
    """
    true = answers.probabilities[np.arange(len(answers.y_true)), answers.y_true]
    right = np.eye(answers.probabilities.shape[1])[answers.y_true]
    squares = ((answers.probabilities - right) ** 2).sum(axis=1)
    losses = -np.log(np.maximum(true, LEAST_PROBABILITY))
    sums = answers.sum_by_subject(np.stack([np.ones(len(true)), losses, squares], axis=-1))

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        count, loss, square = np.moveaxis(weighted(times, sums), -1, 0)
        return {"log_loss": loss / count, "brier": square / count}

    return score


LOG_LOSS = Metric(
    "log_loss",
    "Log loss",
    "probabilities",
    False,
    (0, -float(np.log(LEAST_PROBABILITY))),
    statistic=proper_statistic,
)
BRIER = Metric("brier", "Brier score", "probabilities", False, (0, 2), statistic=proper_statistic)
