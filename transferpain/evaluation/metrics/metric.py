"""What a metric is, and how several are computed at once for many samples of subjects."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from transferpain.evaluation.confusion import support
from transferpain.evaluation.resampling import Answers, Statistic, weighted

Needs = Literal["answers", "probabilities", "levels"]


def always_defined(answers: Answers, seed: int) -> None:
    """Return None: where there is a clip, there is a score."""


@dataclass(frozen=True)
class Metric:
    """A score of a run. It has either `measure` or `statistic`.

    Attributes:
        name: its key in `metrics.json`.
        title: at the top of a column.
        needs: what is scored beside the labels: the answered classes; the probabilities of all classes; or answers
            whose classes are ordered levels.
        larger_is_better: None for a yardstick, which does not depend on the answers.
        bounds: the lowest and the highest value that it can have.
        headline: its words in the table of results, or None where it stands in `metrics.json` alone. A metric of
            probabilities or levels stands in a table of its kind.
        measure: from confusion matrices, counts `(..., classes, classes)`, to scores `(...)`; NaN without a row. So
            it can also be scored subject by subject, permuted and paired.
        statistic: from answers to what scores counted subjects, under this metric's name. Metrics with the same
            statistic are computed together.
        reason: from answers, at least one, and the position of a seed to why that seed's score is not defined; None
            where it is.
        has_interval: whether what it becomes without each subject makes an interval for it.
        linear: whether it is a weighted sum of the counts as long as the labels stay the same, so that the mean over
            seeds is the score of the mean counts.
        over_classes: whether it is a mean over the classes that occur: then it means the same of two subjects only if
            both have all of them.
    """

    name: str
    title: str
    needs: Needs
    larger_is_better: bool | None
    bounds: tuple[float, float]
    headline: str | None = None
    measure: Callable[[np.ndarray], np.ndarray] | None = None
    statistic: Callable[[Answers], Statistic] | None = None
    reason: Callable[[Answers, int], str | None] = always_defined
    has_interval: bool = True
    linear: bool = False
    over_classes: bool = False

    def why_undefined(self, answers: Answers) -> str | None:
        """Return why a run's score is not defined, with the seeds where it is so for some of them only."""
        by_seed = {seed: self.reason(answers, position) for position, seed in enumerate(answers.seeds)}
        faults = {seed: fault for seed, fault in by_seed.items() if fault}
        if not faults:
            return None
        where = "" if len(faults) == len(by_seed) else f"seed {', '.join(map(str, faults))}: "
        return where + next(iter(faults.values()))


def statistic_of(metrics: Sequence[Metric], answers: Answers) -> Statistic:
    """Return what computes several metrics of counted subjects; NaN where a sample does not define a score.

    Args:
        metrics: in any order.
        answers: the labelled clips, at least one.
    """
    measures = {metric.name: metric.measure for metric in metrics if metric.measure}
    families = dict.fromkeys(metric.statistic for metric in metrics if metric.statistic)
    statistics = [family(answers) for family in families]
    if measures:
        distances = {metric.name for metric in metrics if metric.needs == "levels"}
        statistics.insert(0, confusion_statistic(measures, answers.confusions, distances))
    names = [metric.name for metric in metrics]

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        found = {}
        for statistic in statistics:
            found |= statistic(times)
        return {name: found[name] for name in names}

    return score


def confusion_statistic(
    measures: dict[str, Callable[[np.ndarray], np.ndarray]], confusions: np.ndarray, distances: Collection[str] = ()
) -> Statistic:
    """Return what computes measures of counted subjects; NaN where a sample lost one of the classes that occur.

    Args:
        measures: name -> from confusion matrices `(samples, seeds, classes, classes)` to `(samples, columns)`.
        confusions: of each subject and seed, counts `(subjects, seeds, classes, classes)`.
        distances: names of those that measure distances between levels, and are defined without one of them, too.
    """
    lacking = support(confusions.sum(axis=0)) == 0

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        pooled = weighted(times, confusions)
        keeps_classes = ((support(pooled) > 0) | lacking).all(axis=(-2, -1))[:, np.newaxis]
        return {
            name: np.where(keeps_classes | (name in distances), measure(pooled), np.nan)
            for name, measure in measures.items()
        }

    return score
