"""How well the probabilities rank the clips: the area under the ROC curve, one class against the rest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from transferpain.evaluation.resampling import Answers

# A pair of subjects costs this much less than a clip, as measured: one is a multiplication, the other a look-up.
PAIRS_PER_CLIP = 32


@dataclass(frozen=True)
class Ranking:
    """The clips of one seed in the order of their probability of one class.

    Attributes:
        positive: subject of each clip of the class, `(positives,)`.
        negative: subject of each other clip, by ascending probability, `(negatives,)`.
        below: how many negatives are less probable than each positive, `(positives,)`.
        not_above: how many negatives are not more probable than it, `(positives,)`.
    """

    positive: np.ndarray
    negative: np.ndarray
    below: np.ndarray
    not_above: np.ndarray


def ranked_classes(answers: Answers) -> list[int]:
    """Return the classes whose areas are averaged: those that occur, or of two classes the second.

    Of two classes either one's probability gives the same area. Empty where fewer than two classes occur.
    """
    present = np.unique(answers.y_true)
    if len(present) < 2:
        return []
    return [1] if answers.probabilities.shape[1] == 2 else [int(number) for number in present]


def rank(answers: Answers, number: int, seed: int) -> Ranking:
    """Rank the clips of one seed (its position) by their probability of the class `number`."""
    rows = answers.seed == seed
    return rank_by(answers.probabilities[rows, number], answers.y_true[rows] == number, answers.subject[rows])


def rank_by(scores: np.ndarray, is_class: np.ndarray, subject: np.ndarray) -> Ranking:
    """Rank clips `(clips,)` by a score, of which a higher one speaks for the class."""
    order = np.argsort(scores[~is_class], kind="stable")
    negatives = scores[~is_class][order]
    return Ranking(
        positive=subject[is_class],
        negative=subject[~is_class][order],
        below=np.searchsorted(negatives, scores[is_class], side="left"),
        not_above=np.searchsorted(negatives, scores[is_class], side="right"),
    )


def area_of(ranking: Ranking, subjects: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return what computes the area under the ROC curve of counted subjects.

    It is the share of pairs of a clip of the class and another clip that are in the right order, ties half. The
    function takes how often each subject counts, float `(samples, subjects)`, and returns float64 `(samples,)`;
    NaN where a sample has no clip of the class, or no other one.
    """
    clips = len(ranking.positive) + len(ranking.negative)
    won = won_by_pairs(ranking, subjects) if subjects**2 <= PAIRS_PER_CLIP * clips else won_by_clips(ranking)
    positives = np.bincount(ranking.positive, minlength=subjects)
    negatives = np.bincount(ranking.negative, minlength=subjects)

    def area(times: np.ndarray) -> np.ndarray:
        pairs = (times @ positives) * (times @ negatives)
        return np.divide(won(times), pairs, out=np.full(len(times), np.nan), where=pairs > 0)

    return area


def won_by_pairs(ranking: Ranking, subjects: int) -> Callable[[np.ndarray], np.ndarray]:
    """Count the pairs in the right order once for each pair of subjects: fast for few people with many clips."""
    won = np.zeros((subjects, subjects))
    for other in range(subjects):
        places = np.flatnonzero(ranking.negative == other)
        passed = np.searchsorted(places, ranking.below) + np.searchsorted(places, ranking.not_above)
        won[:, other] = np.bincount(ranking.positive, passed / 2, minlength=subjects)
    return lambda times: ((times @ won) * times).sum(axis=1)


def won_by_clips(ranking: Ranking) -> Callable[[np.ndarray], np.ndarray]:
    """Count the pairs in the right order along the ranked clips: for images, where each is a subject of its own."""

    def won(times: np.ndarray) -> np.ndarray:
        passed = np.zeros((len(times), len(ranking.negative) + 1))
        np.cumsum(times[:, ranking.negative], axis=1, out=passed[:, 1:])
        return (times[:, ranking.positive] * (passed[:, ranking.below] + passed[:, ranking.not_above])).sum(axis=1) / 2

    return won


@dataclass(frozen=True)
class Curves:
    """ROC and precision-recall curve of one class, means over seeds; each array is float64 `(101,)`.

    Attributes:
        number: the class.
        share: share of the clips that are of the class: the precision of an answer that does not look.
        rate: false-positive rate of the ROC curve, recall of the other: 0 to 1.
        true_positives: true-positive rate.
        precision: of the highest threshold that reaches the recall.
    """

    number: int
    share: float
    rate: np.ndarray
    true_positives: np.ndarray
    precision: np.ndarray


def mean_curves(answers: Answers) -> list[Curves]:
    """Return the curves of the classes that `auc` is the mean of, each against the rest."""
    rate = np.linspace(0, 1, 101)
    found = []
    for number in ranked_classes(answers):
        by_seed = [_curves(answers, number, seed, rate) for seed in range(len(answers.seeds))]
        share = float((answers.y_true == number).mean())
        found.append(Curves(number, share, rate, *np.mean(by_seed, axis=0)))
    return found


def _curves(answers: Answers, number: int, seed: int, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = answers.seed == seed
    probability, is_class = answers.probabilities[rows, number], answers.y_true[rows] == number
    order = np.argsort(-probability, kind="stable")
    # Equally probable clips pass the threshold together.
    last = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    hits, false_alarms = np.cumsum(is_class[order])[last], np.cumsum(~is_class[order])[last]
    recall = hits / is_class.sum()
    true_positives = np.interp(rate, np.append(0, false_alarms / (~is_class).sum()), np.append(0, recall))
    reached = np.searchsorted(recall, rate - 1e-12)
    # At recall 0 the curve starts with the first threshold that finds anything.
    first = np.maximum(reached, np.argmax(hits > 0))
    return true_positives, (hits / (hits + false_alarms))[first]


def class_area(answers: Answers, number: int) -> float:
    """Return the one-v-rest area of one class, averaged over seeds; NaN where all or none of the clips are of it."""
    everyone = np.ones((1, answers.subjects))
    areas = [area_of(rank(answers, number, seed), answers.subjects) for seed in range(len(answers.seeds))]
    return float(np.mean([area(everyone)[0] for area in areas])) if areas else np.nan
