"""How far false-positive and false-negative rates of two groups of subjects lie apart, by sex and age.

The interval of a gap is made of those of the two rates, "square and add" (Newcombe, Statistics in Medicine 17, 1998,
873-890; Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702), so that it keeps their leaning. The test deals the
subjects anew to the two groups, each with all its clips.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import permutation_test

from transferpain.evaluation.comparisons import holm
from transferpain.evaluation.groups import NOT_STATED, STATED, group_order, name_groups
from transferpain.evaluation.predictions import subject_names
from transferpain.evaluation.resampling import FEWEST_SUBJECTS, Interval, confusions_by_subject, jackknife

PERMUTATIONS = 20_000
RATES = {"false positives": "without pain", "false negatives": "with pain"}
COLUMNS = [
    *("by", "rate", "group", "other", "group_rate", "other_rate", "gap", "gap_low", "gap_high", "gap_reason"),
    *("p", "p_holm", "group_subjects", "other_subjects"),
]


def error_gaps(predictions: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    """Compare the rates of false positives and false negatives of each two groups of tested subjects.

    The lowest class counts as no pain and every other as pain, so that a level too high or too low is no error here. A
    rate is of all clips of its kind of the group, the mean over seeds; its subjects are those who have such a clip.

    Args:
        predictions: the table of a run whose classes are two, or ordered.
        subjects: one row per subject: dataset, subject, and `sex` or `age`.

    Returns:
        The columns `COLUMNS`, one row per rate and pair of groups that occur among the tested subjects, those of whom
        nothing is stated left out: both rates, `gap` (of `group` minus that of `other`) with its 95 % interval over
        subjects, or the reason why there is none, and how many subjects the rates are of. `p` is two-sided, NaN where a
        group has fewer than eight subjects, and `p_holm` corrected by Holm's method over all others.
    """
    names, confusions = confusions_by_subject(predictions)
    rows = []
    if len(names):
        errors, clips = count_errors(confusions)
        stated = subjects.set_index(subject_names(subjects)).reindex(names)
        for by in [column for column in STATED if column in subjects]:
            of_subject = name_groups(stated[by]).to_numpy()
            found = [name for name in group_order(by, of_subject) if name != NOT_STATED]
            for rate, pair in ((rate, pair) for rate in RATES for pair in combinations(found, 2)):
                having = [(of_subject == name) & (clips[rate] > 0) for name in pair]
                parts = [(errors[rate][chosen], clips[rate][chosen]) for chosen in having]
                rows.append((by, rate, *pair, *_compare(rate, pair, parts)))
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "p_holm"])
    tested = table["p"].dropna()
    adjusted = holm("error gaps", {str(place): p for place, p in tested.items()}).adjusted
    table["p_holm"] = [adjusted.get(str(place), np.nan) for place in table.index]
    return table[COLUMNS]


def count_errors(confusions: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Count false positives and false negatives, and the clips that can be one.

    Args:
        confusions: int `(subjects, seeds, classes, classes)`, true classes down; class 0 is no pain.

    Returns:
        Errors, int `(subjects, seeds)`, and clips, int `(subjects,)`, by the name of the rate.
    """
    without, with_pain = confusions[:, :, 0], confusions[:, :, 1:].sum(axis=2)
    positives, negatives = RATES
    errors = {positives: without[:, :, 1:].sum(axis=-1), negatives: with_pain[:, :, 0]}
    return errors, {positives: without[:, 0].sum(axis=-1), negatives: with_pain[:, 0].sum(axis=-1)}


def gap_of(group: Interval, other: Interval) -> Interval:
    """Return the difference of two independent rates, with an interval made of theirs; none where one of them has none.

    Its reason is that of the rate without an interval.
    """
    gap = group.value - other.value
    if np.isnan([group.low, other.low]).any():
        return Interval(gap, np.nan, np.nan, 0, group.reason or other.reason)
    down = np.hypot(group.value - group.low, other.high - other.value)
    up = np.hypot(group.high - group.value, other.value - other.low)
    return Interval(gap, float(gap - down), float(gap + up), group.kept + other.kept)


def deal_anew(parts: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the two-sided p of dealing the subjects anew to two groups of the same sizes.

    Every way to deal them counts where there are at most 20,000, else as many at random, always the same.

    Args:
        parts: errors `(subjects, seeds)` and clips `(subjects,)` of both groups.
    """
    errors, clips = (np.concatenate(both) for both in zip(*parts, strict=True))

    def gap(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
        rates = [
            errors[places.astype(np.int64)].sum(axis=-2).mean(axis=-1) / clips[places.astype(np.int64)].sum(axis=-1)
            for places in (np.moveaxis(first, axis, -1), np.moveaxis(second, axis, -1))
        ]
        return rates[0] - rates[1]

    split = len(parts[0][1])
    places = np.arange(split), np.arange(split, len(clips))
    options = {"vectorized": True, "n_resamples": PERMUTATIONS, "batch": 1000, "rng": np.random.default_rng(0)}
    return float(permutation_test(places, gap, **options).pvalue)


def _compare(rate: str, pair: tuple[str, str], parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple:
    """Return the cells from `group_rate` on, without `p_holm`."""
    found = [_rate(name, rate, *part) for name, part in zip(pair, parts, strict=True)]
    subjects = [len(clips) for _, clips in parts]
    p = deal_anew(parts) if min(subjects) >= FEWEST_SUBJECTS else np.nan
    gap = gap_of(*found)
    return found[0].value, found[1].value, gap.value, gap.low, gap.high, gap.reason, p, *subjects


def _rate(name: str, rate: str, errors: np.ndarray, clips: np.ndarray) -> Interval:
    """Return the rate of a group with its interval; the reason why there is none names the group."""
    if not len(clips):
        return Interval(np.nan, np.nan, np.nan, 0, f"{name}: no clip {RATES[rate]}")

    def statistic(times: np.ndarray) -> dict[str, np.ndarray]:
        return {rate: times @ errors / (times @ clips)[:, np.newaxis]}

    interval = jackknife(statistic, len(clips), {rate: (0, 1)})[rate]
    reason = interval.reason and f"{name}: {interval.reason}"
    return Interval(interval.value, interval.low, interval.high, interval.kept, reason)
