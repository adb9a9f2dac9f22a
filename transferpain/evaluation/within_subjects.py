"""What a run does for each subject: how well it ranks a subject's own clips, and whom it serves worst.

The pooled AUC also ranks the clips of one subject against those of another, so that a run which only tells subjects
apart can look better, or worse, than it is for any of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.evaluation.confusion import support
from transferpain.evaluation.metrics.balanced_accuracy import BALANCED_ACCURACY
from transferpain.evaluation.ranking import area_of, rank, ranked_classes
from transferpain.evaluation.resampling import (
    Answers,
    Interval,
    confusions_by_subject,
    jackknife,
    read_answers,
)

FEWEST_COMPARED = 2
NOBODY = "no subject has clips of every class"
ONE_CLASS = "fewer than two classes occur"


@dataclass(frozen=True)
class WorstSubject:
    """The subject with the lowest balanced accuracy.

    Attributes:
        subject: its name.
        balanced_accuracy: mean over seeds.
        clips: how many of its clips are labelled: of few clips the lowest score is low by chance.
        compared: how many subjects have every class, and so were compared.
    """

    subject: str
    balanced_accuracy: float
    clips: int
    compared: int


def within_subject_area(predictions: pd.DataFrame) -> tuple[Interval, int]:
    """Return the mean over subjects of the AUC among a subject's own clips, and how many subjects it is of.

    A subject's area is the share of pairs of its own clips, one of the class and one of the rest, that are in the right
    order, ties half; of several classes it is the mean of one against the rest, as in the pooled AUC. Every subject
    counts alike, however many pairs it has, and only those count who have every class that occurs.

    Args:
        predictions: the table of a run.

    Returns:
        The mean with its 95 % interval over those subjects, NaN with the reason without any of them, and their number.
    """
    answers = read_answers(predictions)
    classes = ranked_classes(answers) if answers.subjects else []
    having = np.flatnonzero(_with_every_class(answers.confusions)) if classes else np.array([], dtype=int)
    if not len(having):
        return Interval(np.nan, np.nan, np.nan, 0, NOBODY if classes else ONE_CLASS), 0
    areas = np.array([_areas(answers, subject, classes) for subject in having])

    def mean(times: np.ndarray) -> dict[str, np.ndarray]:
        return {"auc": times @ areas / times.sum(axis=1, keepdims=True)}

    return jackknife(mean, len(having), {"auc": (0, 1)})["auc"], len(having)


def worst_subject(predictions: pd.DataFrame) -> WorstSubject | None:
    """Return the subject with the lowest balanced accuracy, the first by name of several.

    Only subjects who have every class that occurs are compared: the mean over fewer classes is another score. `None`
    where there are fewer than two of them.

    Args:
        predictions: the table of a run.
    """
    names, confusions = confusions_by_subject(predictions)
    having = np.flatnonzero(_with_every_class(confusions)) if len(names) else []
    if len(having) < FEWEST_COMPARED:
        return None
    scores = BALANCED_ACCURACY.measure(confusions[having]).mean(axis=-1)
    lowest = int(np.argmin(scores))
    subject = having[lowest]
    clips = int(confusions[subject, 0].sum())
    return WorstSubject(names[subject], float(scores[lowest]), clips, len(having))


def _with_every_class(confusions: np.ndarray) -> np.ndarray:
    """Return which subjects have a clip of each class that occurs, bool `(subjects,)`."""
    clips = support(confusions)[:, 0]
    return (clips[:, clips.sum(axis=0) > 0] > 0).all(axis=1)


def _areas(answers: Answers, subject: int, classes: list[int]) -> np.ndarray:
    """Return the area among one subject's clips, `(seeds,)`."""
    rows = answers.subject == subject
    own = Answers(
        y_true=answers.y_true[rows],
        y_pred=answers.y_pred[rows],
        probabilities=answers.probabilities[rows],
        subject=np.zeros(rows.sum(), dtype=np.int64),
        seed=answers.seed[rows],
        subjects=1,
        seeds=answers.seeds,
    )
    return np.array(
        [
            np.mean([area_of(rank(own, number, seed), 1)(np.ones((1, 1)))[0] for number in classes])
            for seed in range(len(answers.seeds))
        ]
    )
