"""The clips of a run by subject and seed, and intervals from what its score becomes without each subject.

Clips of one person are alike, so persons are left out with all their clips: the cluster jackknife (MacKinnon, Nielsen
and Webb, Journal of Applied Econometrics 38, 2023), with the quantile of Student's t for the number of subjects. A
score that has bounds is mapped to the whole line first, so that the interval stays inside them and leans as the score
does: by the probit, the scale of the area under a binormal ROC curve (Hanley, Medical Decision Making 8, 1988), or,
where only one side has a bound, by the logarithm. How often these intervals hold the truth: `benchmarks/coverage.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.predictions import labelled_rows, number_of_classes, subject_names

LEVEL = 0.95
# Fewer say too little of their own spread: the interval would cover the truth clearly less often than it claims.
FEWEST_SUBJECTS = 8
# Images that are subjects of their own are left out in so many groups at random; more change nothing but the time.
MOST_GROUPS = 200
# Bounds the memory of the weights where a "subject" is an image and there are tens of thousands.
SAMPLES_AT_ONCE = 100
NO_SPREAD = 1e-9
ALL_ALIKE = "all subjects alike"
AT_BOUND = "the score is at its bound, and is not without each subject"
UNBOUNDED = (-np.inf, np.inf)
# From how often each subject counts, float `(samples, subjects)`, to scores `(samples, seeds)`; NaN where undefined.
Statistic = Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Interval:
    """A score with its 95 % interval over subjects.

    Attributes:
        value: NaN where the score is not defined.
        low, high: NaN where there is no interval.
        kept: how many of the samples that lack one subject define the score.
        reason: why there is no interval, in a few words; empty where there is one, and where there is no score.
    """

    value: float
    low: float
    high: float
    kept: int
    reason: str = ""


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
    """Add up the sums of counted subjects: `(samples, subjects)` and `(subjects, ...)` give `(samples, ...)`."""
    return (times @ sums.reshape(len(sums), -1)).reshape(len(times), *sums.shape[1:])


def score_whole(statistic: Statistic, subjects: int) -> dict[str, np.ndarray]:
    """Score a run once, seed by seed: name -> `(seeds,)`."""
    return {name: values[0] for name, values in statistic(np.ones((1, subjects))).items()}


def jackknife(
    statistic: Statistic, subjects: int, bounds: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, Interval]:
    """Score a run, averaged over its seeds, with 95 % intervals over subjects.

    A score that is not defined for every seed of the run is NaN, without an interval. There is none either below eight
    subjects; where subjects do not differ; and where the score is not defined without one of them, because that
    subject alone has a class: how far it would vary with other subjects cannot be seen.

    Args:
        statistic: what is scored.
        subjects: how many subjects there are.
        bounds: name -> the lowest and the highest value that a score can have; unbounded where it is not named.
    """
    samples = [statistic(times) for times in leave_out(subjects)] if subjects >= FEWEST_SUBJECTS else []
    intervals = {}
    for name, by_seed in score_whole(statistic, subjects).items():
        value = float(by_seed.mean())
        if np.isnan(value):
            intervals[name] = UNDEFINED
        elif not samples:
            intervals[name] = Interval(value, np.nan, np.nan, 0, few(subjects))
        else:
            without = np.concatenate([scores[name].mean(axis=-1) for scores in samples])
            intervals[name] = _interval(value, without, (bounds or {}).get(name, UNBOUNDED))
    return intervals


def few(subjects: int) -> str:
    """Say that so many subjects are too few for an interval."""
    return f"{subjects} subject{'s' * (subjects != 1)}, fewer than {FEWEST_SUBJECTS}"


def leave_out(subjects: int) -> Iterator[np.ndarray]:
    """Leave out each subject in turn and yield which ones count, float `(at most 100, subjects)`.

    More than 200 are left out in 200 groups at random, always the same.
    """
    groups = min(subjects, MOST_GROUPS)
    group = np.arange(subjects)
    if groups < subjects:
        group = np.random.default_rng(0).permutation(subjects) % groups
    for start in range(0, groups, SAMPLES_AT_ONCE):
        left_out = np.arange(start, min(start + SAMPLES_AT_ONCE, groups))
        yield (group != left_out[:, np.newaxis]).astype(np.float64)


def standard_error(without: np.ndarray) -> float:
    """Return the jackknife's standard error of a score from its values without each subject, `(subjects,)`."""
    number = len(without)
    return float(np.sqrt((number - 1) / number * ((without - without.mean()) ** 2).sum()))


def t_quantile(freedom: float) -> float:
    """Return by how many standard errors a 95 % interval reaches to each side, for these degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def _interval(value: float, without: np.ndarray, bounds: tuple[float, float]) -> Interval:
    kept = int((~np.isnan(without)).sum())
    if kept < len(without):
        reason = f"not defined without {len(without) - kept} of {len(without)} subjects"
        return Interval(value, np.nan, np.nan, kept, reason)
    error = standard_error(without)
    if error < NO_SPREAD:
        return Interval(value, np.nan, np.nan, kept, ALL_ALIKE)
    reach = t_quantile(len(without) - 1) * error
    lowest, highest = bounds
    if value in bounds:
        return Interval(value, np.nan, np.nan, kept, AT_BOUND)
    if np.isinf(lowest):
        low, high = value - reach, value + reach
    elif np.isinf(highest):
        # The slope of the logarithm, and below that of the probit, carries the standard error over.
        steps = reach / (value - lowest)
        low, high = (lowest + (value - lowest) * np.exp(sign * steps) for sign in (-1, 1))
    else:
        width = highest - lowest
        low, high = (lowest + width * end for end in _probit_ends((value - lowest) / width, reach / width))
    return Interval(value, float(low), float(high), kept)


def _probit_ends(share: float, reach: float) -> tuple[float, float]:
    """Return both ends of an interval that reaches so far from a share, as the probit's slope there carries it over."""
    from scipy.special import ndtr, ndtri

    place = ndtri(share)
    steps = reach * np.sqrt(2 * np.pi) * np.exp(place**2 / 2)
    return float(ndtr(place - steps)), float(ndtr(place + steps))
