"""Prediction sets, and intervals of numbers, that keep a promise for one random sample of a new person.

A set holds every class that cannot be ruled out: of the samples of a class, the share that is promised has it in its
set (split conformal prediction, class by class: Sadinle, Lei and Wasserman, Journal of the American Statistical
Association 114, 2019). Samples of one person are alike, so it is people who are exchangeable, and each person of the
calibration counts once, spread over his samples (hierarchical conformal prediction: Lee, Barber and Willett, arXiv
2306.06342; Dunn, Wasserman and Ramdas, Journal of the American Statistical Association 118, 2023).

Calibrated is on the subjects whom a fold selects on: its network was not fitted to them, and no tested answer is
looked at. Where they chose the epoch, the promise is a little weaker than its words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from transferpain.evaluation.detection import expected_levels, folds_of
from transferpain.evaluation.predictions import labelled_rows, number_of_classes, subject_names
from transferpain.evaluation.resampling import Answers, Interval, jackknife, read_answers, weighted

PROMISES = (0.8, 0.9)
ALL = "all"
SHARES = {"covered": (0.0, 1.0), "empty": (0.0, 1.0), "single": (0.0, 1.0)}
# Sums of shares of a person are off by less; a share that is exactly the one allowed must not be taken for more.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Kept:
    """What came of a promise.

    Attributes:
        promised: share of samples whose set, or interval, holds the truth.
        calibrated_on: subjects of the calibration, of the fold, seed and class with the fewest.
        figures: name -> mean over seeds with its 95 % interval over subjects, each person's samples being one share:
            `covered`, of sets also `size`, `empty` and `single`, of intervals `width`; empty where nothing is promised.
        by_subject: subject -> share of the samples that are covered; empty where nothing is promised.
        reason: why nothing is promised; empty where something is.
    """

    promised: float
    calibrated_on: int
    figures: Mapping[str, Interval]
    by_subject: Mapping[str, float]
    reason: str

    @property
    def worst(self) -> float:
        """The lowest share of one subject's samples that are covered; NaN where nothing is promised."""
        return min(self.by_subject.values(), default=np.nan)


def fewest_subjects(promised: float) -> int:
    """Return how many subjects a calibration needs: of fewer, no set that leaves a class out keeps the promise."""
    return ceil(1 / (1 - promised) - ROUNDING) - 1


def chances(calibration: np.ndarray, subjects: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Return how far a new person's sample is among those of the calibration, float64 `(tested,)`: a p-value.

    Args:
        calibration: how unlike its truth each sample of the calibration is, `(samples,)`; higher is less alike.
        subjects: who it is of, `(samples,)`; one at least.
        tested: the same of the tested samples.

    Returns:
        One plus the people's shares of samples that are as unlike or more, divided by one plus the number of people.
    """
    names, person, count = np.unique(subjects, return_inverse=True, return_counts=True)
    order = np.argsort(calibration)
    shares = np.append(np.cumsum((1 / count[person])[order][::-1])[::-1], 0.0)
    return (1 + shares[np.searchsorted(calibration[order], tested)]) / (1 + len(names))


def sets_of(tested: pd.DataFrame, selected: pd.DataFrame, promised: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which classes are in the set of each labelled sample, and on how many subjects each was calibrated.

    Args:
        tested: predictions of a run's test parts.
        selected: those of its selection parts.
        promised: a share between 0 and 1.

    Returns:
        bool `(rows, classes)`, and int64 of the same shape: the subjects of that class in the row's fold and seed.
    """
    rows = labelled_rows(tested)
    shape = len(rows), number_of_classes(rows)
    # A class that nobody of the calibration has cannot be ruled out.
    inside, calibrated = np.ones(shape, bool), np.zeros(shape, np.int64)
    for place, part in folds_with_calibration(rows, selected):
        people, truth = subject_names(part).to_numpy(), part["y_true"].to_numpy(int)
        for number in np.unique(truth):
            own, column = truth == number, f"p_{number}"
            unlike = 1 - part.loc[own, column].to_numpy(np.float64)
            calibrated[place, number] = len(np.unique(people[own]))
            found = chances(unlike, people[own], 1 - rows[column].to_numpy(np.float64)[place])
            inside[place, number] = found > 1 - promised + ROUNDING
    return inside, calibrated


def folds_with_calibration(rows: pd.DataFrame, selected: pd.DataFrame) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Yield for each fold and seed with a calibration which of the tested rows are its own, and the calibration."""
    fold, seed = rows["fold"].to_numpy(), rows["seed"].to_numpy()
    for (its_fold, its_seed), part in folds_of(selected):
        yield np.flatnonzero((fold == its_fold) & (seed == its_seed)), part


def keep_sets(tested: pd.DataFrame, selected: pd.DataFrame, promised: float) -> dict[int | str, Kept]:
    """Return what came of prediction sets: of the samples of each class that occurs, and under `all` of all.

    Args:
        tested: predictions of a run's test parts, at least one labelled sample.
        selected: those of its selection parts.
        promised: a share between 0 and 1.
    """
    answers, names = read_answers(tested), names_of(tested)
    inside, calibrated = sets_of(tested, selected, promised)
    size = inside.sum(axis=1)
    covered = inside[np.arange(len(inside)), answers.y_true]
    columns = {"covered": covered, "size": size, "empty": size == 0, "single": size == 1}
    kept: dict[int | str, Kept] = {}
    for number in (ALL, *np.unique(answers.y_true).tolist()):
        of_class = np.ones(len(size), bool) if number == ALL else answers.y_true == number
        fewest = int(calibrated[:, np.unique(answers.y_true) if number == ALL else number].min())
        kept[number] = _kept(answers, names, columns, of_class, promised, fewest)
    return kept


def keep_intervals(tested: pd.DataFrame, selected: pd.DataFrame, promised: float) -> Kept:
    """Return what came of intervals around the expected level of an ordered task, which end where the levels do.

    They reach to both sides as far as the expected levels of the calibration were off. Arguments as of `keep_sets`.
    """
    answers, rows = read_answers(tested), labelled_rows(tested)
    expected, most = expected_levels(rows), number_of_classes(rows) - 1
    reach, calibrated = np.full(len(rows), np.inf), np.zeros(len(rows), np.int64)
    for place, part in folds_with_calibration(rows, selected):
        people = subject_names(part).to_numpy()
        off = np.abs(part["y_true"].to_numpy(float) - expected_levels(part))
        calibrated[place] = len(np.unique(people))
        allowed = off[chances(off, people, off) > 1 - promised + ROUNDING]
        # With too few people nothing is ruled out, whatever the samples are.
        enough = calibrated[place[:1]] >= fewest_subjects(promised)
        reach[place] = allowed.max() if enough.all() and len(allowed) else np.inf
    width = np.minimum(expected + reach, most) - np.maximum(expected - reach, 0)
    columns = {"covered": np.abs(answers.y_true - expected) <= reach + ROUNDING, "width": width}
    every = np.ones(len(rows), bool)
    return _kept(answers, names_of(tested), columns, every, promised, int(calibrated.min()))


def names_of(tested: pd.DataFrame) -> np.ndarray:
    """Return the names of the subjects with a label, in the order of their numbers in `read_answers`."""
    return np.unique(subject_names(labelled_rows(tested)).to_numpy(str))


def _kept(
    answers: Answers,
    names: np.ndarray,
    columns: Mapping[str, np.ndarray],
    counted: np.ndarray,
    promised: float,
    fewest: int,
) -> Kept:
    if fewest < (needed := fewest_subjects(promised)):
        reason = f"calibrated on {fewest} subject{'s' * (fewest != 1)}, and {promised:.0%} needs {needed}"
        return Kept(promised, fewest, {}, {}, reason)
    values = np.stack([counted, *(column * counted for column in columns.values())], axis=-1).astype(np.float64)
    sums = answers.sum_by_subject(values)
    with np.errstate(invalid="ignore"):
        shares = sums[..., 1:] / sums[..., :1]  # (subjects, seeds, columns), NaN of a person without such a sample
    there = ~np.isnan(shares[..., :1])
    filled = np.where(there, shares, 0.0)

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        with np.errstate(invalid="ignore"):
            means = weighted(times, filled) / weighted(times, there.astype(np.float64))
        return {name: means[..., place] for place, name in enumerate(columns)}

    figures = jackknife(score, answers.subjects, SHARES)
    having = there.any(axis=(1, 2))
    of_subject = filled[having, :, 0].sum(axis=1) / there[having, :, 0].sum(axis=1)
    return Kept(promised, fewest, figures, dict(zip(names[having], of_subject.tolist(), strict=True)), "")
