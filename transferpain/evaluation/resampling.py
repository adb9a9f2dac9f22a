"""The clips of a run by subject and seed, and the bootstrap that draws subjects with all their clips.

Clips of one person are alike, so a bootstrap draws persons with all their clips (protocols of the field:
cluster bootstrap, at least 2,000 draws, percentile interval).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.predictions import labelled_rows, number_of_classes, subject_names

DRAWS = 2000
LEVEL = 0.95
# Bounds the memory of the drawn weights where a "subject" is an image and there are tens of thousands.
DRAWS_AT_ONCE = 100
# From how often each subject is drawn, float `(draws, subjects)`, to scores `(draws, seeds)`; NaN where undefined.
Statistic = Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Interval:
    """A score with its percentile interval; `low` and `high` are NaN where it is not defined.

    `draws` is how many bootstrap draws stand behind it: a draw that does not define the score is left out.
    """

    value: float
    low: float
    high: float
    draws: int


UNDEFINED = Interval(np.nan, np.nan, np.nan, 0)


@dataclass(frozen=True)
class Answers:
    """The labelled clips of a run, one row per clip and seed.

    Attributes:
        y_true: true classes, int64 `(rows,)`.
        y_pred: predicted classes, int64 `(rows,)`.
        probabilities: float64 `(rows, classes)`.
        subject: number of each row's subject, `0 .. subjects - 1`, int64 `(rows,)`.
        seed: position of each row's seed in `seeds`, int64 `(rows,)`.
        subjects: how many subjects there are.
        seeds: the seeds, ascending.
    """

    y_true: np.ndarray
    y_pred: np.ndarray
    probabilities: np.ndarray
    subject: np.ndarray
    seed: np.ndarray
    subjects: int
    seeds: tuple[int, ...]

    @cached_property
    def confusions(self) -> np.ndarray:
        """Confusion matrices of each subject and seed, int64 `(subjects, seeds, classes, classes)`."""
        num_classes = self.probabilities.shape[1]
        groups = self.subject * len(self.seeds) + self.seed
        shape = (self.subjects * len(self.seeds), num_classes)
        counts = count_confusions(groups, self.y_true, self.y_pred, shape)
        return counts.reshape(self.subjects, len(self.seeds), num_classes, num_classes)

    def sum_by_subject(self, values: np.ndarray) -> np.ndarray:
        """Sum `(rows, columns)` over the clips of each subject and seed: `(subjects, seeds, columns)`."""
        groups = self.subject * len(self.seeds) + self.seed
        size = self.subjects * len(self.seeds)
        sums = [np.bincount(groups, weights=column, minlength=size) for column in values.T]
        return np.stack(sums, axis=-1).reshape(self.subjects, len(self.seeds), -1)


def read_answers(predictions: pd.DataFrame, covered: bool = False) -> Answers:
    """Return the labelled clip rows of a run as arrays; with `covered` only clips with a face in at least one frame."""
    rows = labelled_rows(predictions, covered)
    subject, subjects = pd.factorize(subject_names(rows), sort=True)
    seed, seeds = pd.factorize(rows["seed"], sort=True)
    columns = [f"p_{number}" for number in range(number_of_classes(predictions))]
    return Answers(
        y_true=rows["y_true"].to_numpy(dtype=np.int64),
        y_pred=rows["y_pred"].to_numpy(dtype=np.int64),
        probabilities=rows[columns].to_numpy(dtype=np.float64),
        subject=subject,
        seed=seed,
        subjects=len(subjects),
        seeds=tuple(int(number) for number in seeds),
    )


def confusions_by_subject(predictions: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of a run's subjects and `Answers.confusions`, in the same order."""
    names = sorted(subject_names(labelled_rows(predictions)).unique())
    return tuple(names), read_answers(predictions).confusions


def weighted(times: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Add up the sums of drawn subjects: `(draws, subjects)` and `(subjects, ...)` give `(draws, ...)`."""
    return (times @ sums.reshape(len(sums), -1)).reshape(len(times), *sums.shape[1:])


def score_whole(statistic: Statistic, subjects: int) -> dict[str, np.ndarray]:
    """Score a run once, seed by seed: name -> `(seeds,)`."""
    return {name: values[0] for name, values in statistic(np.ones((1, subjects))).items()}


def bootstrap(statistic: Statistic, subjects: int, *, draws: int = DRAWS, seed: int = 0) -> dict[str, Interval]:
    """Score a run, averaged over its seeds, with 95 % percentile intervals over subjects.

    All statistics see the same draws. A draw in which a score is not defined for every seed is left out of that
    score's interval. A score that is not defined for every seed of the run itself is NaN, without bounds.

    Args:
        statistic: what is scored.
        subjects: how many subjects there are; with fewer than two the bounds are NaN.
        draws: number of bootstrap draws.
        seed: of the draws.
    """
    drawn = [statistic(times) for times in draw_subjects(subjects, draws, seed)]
    intervals = {}
    for name, by_seed in score_whole(statistic, subjects).items():
        value = by_seed.mean()
        values = np.concatenate([np.empty(0), *(scores[name].mean(axis=-1) for scores in drawn)])
        values = values[~np.isnan(values)] if not np.isnan(value) else np.empty(0)
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(values, [tail, 1 - tail]) if len(values) else (np.nan, np.nan)
        intervals[name] = Interval(float(value), float(low), float(high), len(values))
    return intervals


def draw_subjects(subjects: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Draw subjects with replacement and yield how often each was drawn, float `(at most 100, subjects)`."""
    generator = np.random.default_rng(seed)
    for start in range(0, draws if subjects > 1 else 0, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, draws - start)
        yield generator.multinomial(subjects, np.full(subjects, 1 / subjects), size=size).astype(np.float64)
