"""Intervals and differences whose unit is the subject, never the clip or the frame.

Clips of one person are alike, so a bootstrap draws persons with all their clips (protocols of the field:
cluster bootstrap, at least 2,000 draws, percentile interval).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.evaluation.confusion import METRICS, support
from transferpain.evaluation.predictions import CLIP, confusions_by_subject, labelled_rows, number_of_classes

DRAWS = 2000
LEVEL = 0.95
# Bounds the memory of the drawn weights where a "subject" is an image and there are tens of thousands.
DRAWS_AT_ONCE = 100


@dataclass(frozen=True)
class Interval:
    """A score with its percentile interval; `low` and `high` are NaN where it is not defined.

    `draws` is how many bootstrap draws stand behind it: a draw that lost one of the classes is left out.
    """

    value: float
    low: float
    high: float
    draws: int


def bootstrap_subjects(
    predictions: pd.DataFrame,
    metrics: Sequence[str] = tuple(METRICS),
    *,
    covered: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Score a run, averaged over its seeds, with a 95 % interval over subjects.

    Args:
        predictions: the table of a run.
        metrics: names from `METRICS`.
        covered: whether clips without a face are left out.
        draws: number of bootstrap draws.
        seed: of the draws.

    Returns:
        An interval for each metric. With fewer than two subjects the bounds are NaN.
    """
    counts = confusions_by_subject(predictions, covered).counts

    def scores(confusion: np.ndarray) -> np.ndarray:
        return np.stack([METRICS[name](confusion).mean(axis=-1) for name in metrics], axis=-1)

    return dict(zip(metrics, _bootstrap(counts, scores, len(metrics), draws, seed), strict=True))


def paired_difference(
    a: pd.DataFrame, b: pd.DataFrame, metric: str = "balanced_accuracy", *, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """Compare two runs on the same clips: metric of `a` minus metric of `b`, each averaged over its seeds.

    Both runs are scored on the same drawn subjects, so what is common to a subject cancels out.

    Args:
        a: predictions of the one run.
        b: predictions of the other; its number of seeds may differ.
        metric: a name from `METRICS`.
        draws: number of bootstrap draws.
        seed: of the draws.

    Returns:
        The difference with its 95 % percentile interval over subjects.

    Raises:
        UserError: if the two runs were not tested on the same labelled clips.
    """
    require_same_clips(a, b)
    first, second = (confusions_by_subject(table).counts for table in (a, b))
    seeds_of_a = first.shape[1]

    def difference(confusion: np.ndarray) -> np.ndarray:
        values = METRICS[metric](confusion)
        gap = values[..., :seeds_of_a].mean(axis=-1) - values[..., seeds_of_a:].mean(axis=-1)
        return gap[..., np.newaxis]

    return _bootstrap(np.concatenate([first, second], axis=1), difference, 1, draws, seed)[0]


def _bootstrap(
    counts: np.ndarray, scores: Callable[[np.ndarray], np.ndarray], num_scores: int, draws: int, seed: int
) -> list[Interval]:
    """Draw subjects with replacement and score each draw.

    Args:
        counts: confusion matrices `(subjects, seeds, classes, classes)`.
        scores: from confusion matrices `(..., seeds, classes, classes)` to `(..., num_scores)`.
        num_scores: number of scores.
        draws: number of draws.
        seed: of the draws.
    """
    if counts.size == 0:
        return [Interval(np.nan, np.nan, np.nan, 0)] * num_scores
    pooled = counts.sum(axis=0)
    generator = np.random.default_rng(seed)
    shares = np.full(len(counts), 1 / len(counts))
    drawn = [np.empty((0, num_scores))]
    for start in range(0, draws if len(counts) > 1 else 0, DRAWS_AT_ONCE):
        times = generator.multinomial(len(counts), shares, size=min(DRAWS_AT_ONCE, draws - start))
        sums = times.astype(np.float64) @ counts.reshape(len(counts), -1)  # (draws, seeds * K * K)
        sums = sums.reshape(len(times), *pooled.shape)
        keeps_classes = ((support(sums) > 0) | (support(pooled) == 0)).all(axis=(-2, -1))
        drawn.append(scores(sums[keeps_classes]))
    values = np.concatenate(drawn)
    tail = (1 - LEVEL) / 2
    bounds = np.quantile(values, [tail, 1 - tail], axis=0) if len(values) else np.full((2, num_scores), np.nan)
    return [
        Interval(float(value), float(low), float(high), len(values))
        for value, low, high in zip(scores(pooled), *bounds, strict=True)
    ]


def require_same_clips(a: pd.DataFrame, b: pd.DataFrame) -> None:
    """Refuse to pair two runs whose labelled clips differ.

    Raises:
        UserError: if clips, true classes or the number of classes differ.
    """
    clips = [
        labelled_rows(table).drop_duplicates(CLIP).set_index(CLIP)["y_true"].sort_index().astype(int)
        for table in (a, b)
    ]
    classes = [number_of_classes(table) for table in (a, b)]
    if classes[0] != classes[1] or not clips[0].equals(clips[1]):
        shared = len(clips[0].index.intersection(clips[1].index))
        raise UserError(
            "The two runs cannot be paired.",
            rule="A paired difference needs the same clips with the same true classes in both runs.",
            received=f"{len(clips[0])} and {len(clips[1])} clips, {shared} of them in both; "
            f"{classes[0]} and {classes[1]} classes",
            todo="Compare runs of one task and one protocol.",
        )
