"""Intervals and differences of two runs whose unit is the subject, never the clip or the frame."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import quoted, same_names
from transferpain.evaluation.metrics.metric import confusion_statistic, statistic_of
from transferpain.evaluation.metrics.registry import METRICS, measured
from transferpain.evaluation.predictions import CLIP, labelled_rows, number_of_classes
from transferpain.evaluation.resampling import UNDEFINED, Interval, jackknife, read_answers


def score_subjects(predictions: pd.DataFrame, metrics: Sequence[str] = tuple(measured())) -> dict[str, Interval]:
    """Score a run, averaged over its seeds, with a 95 % interval over subjects.

    Args:
        predictions: the table of a run.
        metrics: names from `METRICS`.

    Returns:
        An interval for each metric; `jackknife` says where there is none.
    """
    answers = read_answers(predictions)
    if not answers.subjects:
        return dict.fromkeys(metrics, UNDEFINED)
    statistic = statistic_of([METRICS[name] for name in metrics], answers)
    return jackknife(statistic, answers.subjects, {name: METRICS[name].bounds for name in metrics})


def paired_difference(a: pd.DataFrame, b: pd.DataFrame, metric: str = "balanced_accuracy") -> Interval:
    """Compare two runs on the same clips: metric of `a` minus metric of `b`, each averaged over its seeds.

    Both runs are scored without the same subject, so what is common to a subject cancels out.

    Args:
        a: predictions of the one run.
        b: predictions of the other; its number of seeds may differ.
        metric: a name from `COMPARED`.

    Returns:
        The difference with its 95 % interval over subjects.

    Raises:
        UserError: if the two runs were not tested on the same labelled clips.
    """
    require_same_clips(a, b)
    first, second = (read_answers(table).confusions for table in (a, b))
    if not len(first):
        return UNDEFINED
    seeds_of_a = first.shape[1]
    measure = METRICS[metric].measure

    def difference(confusion: np.ndarray) -> np.ndarray:
        values = measure(confusion)
        gap = values[..., :seeds_of_a].mean(axis=-1) - values[..., seeds_of_a:].mean(axis=-1)
        return gap[..., np.newaxis]

    distances = [metric] if METRICS[metric].needs == "levels" else []
    statistic = confusion_statistic({metric: difference}, np.concatenate([first, second], axis=1), distances)
    return jackknife(statistic, len(first))[metric]


def require_same_clips(a: pd.DataFrame, b: pd.DataFrame) -> None:
    """Refuse to pair two runs whose labelled clips differ.

    Raises:
        UserError: if clips, true classes or the number of classes differ; it tells names that are spelt otherwise.
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
            f"{classes[0]} and {classes[1]} classes{_spelt_otherwise(clips[0].index, clips[1].index)}",
            todo="Compare runs of one task and one protocol.",
        )


def _spelt_otherwise(one: pd.MultiIndex, other: pd.MultiIndex) -> str:
    """Return the first name of a dataset, subject or clip that each of two runs spells otherwise, in words."""
    for kind in CLIP:
        names = [clips.unique(kind) for clips in (one, other)]
        apart = [own.difference(others, sort=False) for own, others in (names, reversed(names))]
        for group in same_names(map(str, [*apart[0], *apart[1]])):
            if set(group) & set(map(str, apart[0])) and set(group) & set(map(str, apart[1])):
                return f"; the {kind} {quoted(group[0])} of one may be {quoted(group[1])} of the other"
    return ""
