"""Pain from a level on, or not: what an expected level on an ordered scale is worth as a detector.

Published of UNBC-McMaster for a PSPI of at least 1, 2 and 3: the area under the ROC curve, and F1. The area needs no
threshold. That of F1 is the expected level that gives the highest F1 on the subjects whom the fold selects on, who are
in its training part: no tested answer is looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from transferpain.evaluation.confusion import divide
from transferpain.evaluation.predictions import labelled_rows, number_of_classes
from transferpain.evaluation.ranking import area_of, rank_by
from transferpain.evaluation.resampling import Interval, jackknife, read_answers, weighted

LEVELS = (1, 2, 3)
ONE_KIND = "no sample, or every sample, reaches the level"
NO_THRESHOLD = "no sample, or every sample, that a fold selects on reaches the level"
BOUNDS = {"auroc": (0.0, 1.0), "f1": (0.0, 1.0)}


@dataclass(frozen=True)
class Detection:
    """How well samples from a level on are told from those below it.

    Attributes:
        level: the lowest that counts as pain.
        share: of the tested samples that reach it.
        auroc, f1: means over seeds with 95 % intervals over subjects; NaN, with the reason, where they are not defined.
        thresholds: the expected level of each fold and seed from which on F1 counts an answer as pain, from the lowest.
    """

    level: int
    share: float
    auroc: Interval
    f1: Interval
    thresholds: tuple[float, ...]


def detect(tested: pd.DataFrame, selected: pd.DataFrame, level: int) -> Detection:
    """Return what the expected levels of a run say of pain from `level` on.

    Args:
        tested: predictions of a run's test parts, at least one labelled sample.
        selected: those of its selection parts; a fold without any has no threshold.
    """
    answers, rows = read_answers(tested), labelled_rows(tested)
    expected, reached = expected_levels(rows), answers.y_true >= level
    thresholds = {
        key: best_threshold(part["y_true"].to_numpy(int) >= level, expected_levels(part))
        for key, part in folds_of(selected)
    }
    own = np.array([thresholds.get(key, np.nan) for key in zip(rows["fold"], rows["seed"], strict=True)])
    counted = answers.sum_by_subject(counts(reached, expected >= own))

    areas = []
    for seed in range(len(answers.seeds)):
        one = answers.seed == seed
        areas.append(area_of(rank_by(expected[one], reached[one], answers.subject[one]), answers.subjects))

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        hits, alarms, misses = np.moveaxis(weighted(times, counted), -1, 0)
        auroc = np.stack([area(times) for area in areas], axis=-1)
        return {"auroc": auroc, "f1": divide(2 * hits, 2 * hits + alarms + misses, np.nan)}

    found = jackknife(score, answers.subjects, BOUNDS)
    if not 0 < reached.mean() < 1:
        undefined = replace(found["auroc"], value=np.nan, low=np.nan, high=np.nan, reason=ONE_KIND)
        return Detection(level, float(reached.mean()), undefined, undefined, ())
    f1 = found["f1"]
    if np.isnan(own).any():
        f1 = replace(f1, value=np.nan, low=np.nan, high=np.nan, reason=NO_THRESHOLD)
    chosen = tuple(sorted(value for value in thresholds.values() if not np.isnan(value)))
    return Detection(level, float(reached.mean()), found["auroc"], f1, chosen)


def folds_of(selected: pd.DataFrame) -> Iterator[tuple[tuple[str, int], pd.DataFrame]]:
    """Yield fold and seed, and their labelled rows: several folds may select on the same subjects."""
    for key, rows in selected.groupby(["fold", "seed"], observed=True):
        part = labelled_rows(rows)
        if len(part):
            yield key, part


def expected_levels(rows: pd.DataFrame) -> np.ndarray:
    """Return the expected level of each row, float64: the sum of the levels times their probabilities."""
    levels = number_of_classes(rows)
    return rows[[f"p_{level}" for level in range(levels)]].to_numpy(np.float64) @ np.arange(levels)


def best_threshold(reached: np.ndarray, expected: np.ndarray) -> float:
    """Return the expected level from which on F1 is highest, the lowest of several; NaN unless there are both kinds."""
    if not 0 < reached.mean() < 1:
        return np.nan
    thresholds = np.unique(expected)
    answered = len(expected) - np.searchsorted(np.sort(expected), thresholds)
    hits = reached.sum() - np.searchsorted(np.sort(expected[reached]), thresholds)
    return float(thresholds[(2 * hits / (answered + reached.sum())).argmax()])


def counts(reached: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return hits, false alarms and misses, `(samples, 3)` of 0 and 1."""
    return np.stack([reached & answered, ~reached & answered, reached & ~answered], axis=-1).astype(np.float64)
