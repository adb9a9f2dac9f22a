"""From which probability on a face is called pain: tuned on probabilities of people the model was not fitted on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Objective = Literal["weighted_f1", "recall_at_precision", "youden"]


@dataclass(frozen=True)
class Threshold:
    """A probability from which on the answer is pain.

    `score`: what the objective reached on the rows that it was tuned on. `reached`: whether a demanded precision was.
    """

    value: float
    objective: Objective
    score: float
    reached: bool = True


def tune_threshold(
    probability: np.ndarray, is_pain: np.ndarray, objective: Objective, precision: float = 0.9
) -> Threshold:
    """Choose the threshold that is best on these rows; of equally good ones the nearest to one half.

    Args:
        probability: of pain, `(rows,)`, out of fold: a model is too sure on rows that it was fitted on.
        is_pain: bool `(rows,)`; both answers occur.
        objective: `weighted_f1`, the mean of both classes' F1, weighted by their rows (Verma);
            `recall_at_precision`, the highest recall whose precision is at least `precision`, or where none is, the
            highest precision; `youden`, true-positive less false-positive rate.
        precision: for `recall_at_precision` only.

    Returns:
        A threshold between two neighbouring probabilities, or one outside of all of them.

    Raises:
        ValueError: if only one answer occurs.
    """
    is_pain = np.asarray(is_pain, bool)
    if is_pain.all() or not is_pain.any():
        raise ValueError("rows of both answers are needed to tune a threshold")
    values = np.unique(probability)
    # From calling everything pain to calling nothing pain.
    cuts = np.concatenate([[min(0.0, values[0])], (values[1:] + values[:-1]) / 2, [np.nextafter(values[-1], np.inf)]])
    pains, others = np.sort(probability[is_pain]), np.sort(probability[~is_pain])
    hits = len(pains) - np.searchsorted(pains, cuts)
    alarms = len(others) - np.searchsorted(others, cuts)
    score, reached = _score(objective, hits, alarms, len(pains), len(others), precision)
    best = np.flatnonzero(score == score.max())
    chosen = best[np.argmin(np.abs(cuts[best] - 0.5))]
    return Threshold(float(cuts[chosen]), objective, float(score[chosen]), reached)


def _score(
    objective: Objective, hits: np.ndarray, alarms: np.ndarray, pains: int, others: int, precision: float
) -> tuple[np.ndarray, bool]:
    """Return the score of each cut, and whether a demanded precision was reached by any."""
    if objective == "youden":
        return hits / pains - alarms / others, True
    if objective == "weighted_f1":
        of_pain = 2 * hits / (hits + alarms + pains)
        rests = others - alarms
        of_rest = 2 * rests / (rests + (pains - hits) + others)
        return (pains * of_pain + others * of_rest) / (pains + others), True
    called = hits + alarms
    precise = np.divide(hits, called, out=np.zeros(len(hits)), where=called > 0)
    enough = (precise >= precision) & (hits > 0)
    return (np.where(enough, hits / pains, -1.0), True) if enough.any() else (precise, False)
