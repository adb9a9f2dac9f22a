"""All scores of a run, derived from its predictions alone."""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.evaluation import confusion as on
from transferpain.evaluation.metrics.calibration_error import describe_bins
from transferpain.evaluation.metrics.metric import Metric, statistic_of
from transferpain.evaluation.metrics.registry import METRICS, OF_SUBJECTS, metrics_of
from transferpain.evaluation.predictions import (
    CLIP,
    clip_rows,
    number_of_classes,
    subject_names,
    tells_subjects_apart,
)
from transferpain.evaluation.ranking import class_area
from transferpain.evaluation.resampling import (
    UNDEFINED,
    Answers,
    Interval,
    confusions_by_subject,
    jackknife,
    read_answers,
    score_whole,
    weighted,
)

NO_CLIP = "no clip is counted"


def score(predictions: pd.DataFrame, classes: tuple[str, ...], *, ordinal: bool = False) -> dict:
    """Score a run: pooled over its subjects and folds, averaged over its seeds, and subject by subject.

    Args:
        predictions: the table of a run; its clip rows (`frame == -1`) are scored.
        classes: names of the classes `0..K-1`.
        ordinal: whether the classes are ordered levels.

    Returns:
        JSON types only; a score that is not defined is None:

        - `classes`, `absent` (names of classes without a labelled clip: they enter no mean), `seeds`,
          `subjects`, `clips` (labelled), `unlabelled`, `coverage` (mean share of frames with a face),
          `clips_without_face`;
        - `all` and `covered` (clips with a face in at least one frame): each metric of the answers as
          `{value, low, high, kept, reason}`, `per_class` (precision, recall with recall_low, recall_high and
          recall_reason, f1, auc, support), `confusion` (rows true, columns predicted, summed over seeds), `per_seed`,
          `clips`, `subjects`; None without a label. `kept` counts the samples without one subject that define the
          score; `reason` says why there is no score, or else why there is no interval;
        - in both of them also the metrics of the probabilities and, in `ordinal` (None unless the classes are
          ordered), those of the levels, each likewise; and `reliability`, the bins behind the calibration error;
        - `selected`: the same over the rows that the column `selected` marks, where there is one; else None;
        - `copies`: how many labelled clips the column `in_training` marks, None where there is none; and
          `without_copies`: the same scores over all others; None if that leaves out nothing, or everything;
        - `has_subjects`: false where most subjects have one clip (images grouped by their pixels): there the
          interval is one over images, and a subject's score says nothing;
        - `per_subject`: one row per subject, its means over the classes the subject has; empty without subjects.

    Raises:
        UserError: if the number of classes does not fit the predictions, or the run is not finished.
    """
    if len(classes) != number_of_classes(predictions):
        raise UserError(
            "The predictions do not belong to these classes.",
            rule=f"There must be a column p_k for each of the {len(classes)} classes {', '.join(classes)}.",
            received=f"{number_of_classes(predictions)} such columns",
        )
    rows = clip_rows(predictions)
    clips = rows.drop_duplicates(CLIP)
    labelled = clips["y_true"].notna()
    counts = np.bincount(clips.loc[labelled, "y_true"].astype(int), minlength=len(classes))
    has_labels = bool(labelled.any())
    has_subjects = tells_subjects_apart(clips)
    clips_without_face = int((clips["coverage"] == 0).sum())
    selected = predictions[predictions["selected"]] if "selected" in predictions else predictions[:0]
    copies, originals = _copies(predictions, clips[labelled])
    whole = _scores(predictions, classes, ordinal, False) if has_labels else None
    covered = _scores(predictions, classes, ordinal, True) if has_labels and clips_without_face else whole
    return {
        "classes": list(classes),
        "absent": [name for name, count in zip(classes, counts, strict=True) if count == 0],
        "seeds": sorted(int(seed) for seed in rows["seed"].unique()),
        "subjects": int(subject_names(clips).nunique()),
        "clips": int(labelled.sum()),
        "unlabelled": int((~labelled).sum()),
        "coverage": _number(clips["coverage"].mean()),
        "clips_without_face": clips_without_face,
        "all": whole,
        "covered": covered,
        "selected": _scores(selected, classes, ordinal, False) if has_labels and len(selected) else None,
        "copies": copies,
        "without_copies": _scores(originals, classes, ordinal, False) if len(originals) else None,
        "has_subjects": has_subjects,
        "per_subject": _per_subject(predictions, clips[labelled]) if has_labels and has_subjects else [],
    }


def mark_copies(predictions: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Add the column `in_training` to a run's predictions if the dataset marks tested pictures that it also trains on.

    Args:
        clips: rows of an index, with `in_training` where its dataset has copies (FER+).
    """
    if "in_training" not in clips:
        return predictions
    return predictions.assign(in_training=predictions["clip"].isin(clips.loc[clips["in_training"].eq(True), "clip"]))


def _copies(predictions: pd.DataFrame, labelled: pd.DataFrame) -> tuple[int | None, pd.DataFrame]:
    """Return how many labelled clips also stand in training, and all other rows; none if nothing is left out."""
    if "in_training" not in predictions:
        return None, predictions[:0]
    copies = int(labelled["in_training"].sum())
    return copies, predictions[~predictions["in_training"]] if 0 < copies < len(labelled) else predictions[:0]


def _scores(predictions: pd.DataFrame, classes: tuple[str, ...], ordinal: bool, covered: bool) -> dict:
    answers = read_answers(predictions, covered)
    pooled = answers.confusions.sum(axis=0)  # (seeds, K, K)
    metrics = [metric for metric in METRICS.values() if ordinal or metric.needs != "levels"]
    entries, by_seed = _entries(metrics, answers)
    recalls = _recalls(answers, classes)
    return {
        **{metric.name: entries[metric.name] for metric in metrics if metric.needs != "levels"},
        "ordinal": {name: entries[name] for name in metrics_of("levels")} if ordinal else None,
        "reliability": describe_bins(answers),
        "per_class": {
            name: {
                "precision": _mean(on.precision(pooled)[:, index]),
                "recall": _number(recalls[name].value),
                "recall_low": _number(recalls[name].low),
                "recall_high": _number(recalls[name].high),
                "recall_reason": recalls[name].reason or None,
                "f1": _mean(on.f1(pooled)[:, index]),
                "auc": _number(class_area(answers, index)),
                "support": int(pooled[:1, index].sum()),
            }
            for index, name in enumerate(classes)
        },
        "confusion": pooled.sum(axis=0).tolist(),
        "per_seed": {
            str(seed): {name: _number(float(values[index])) for name, values in by_seed.items()}
            for index, seed in enumerate(answers.seeds)
        },
        "clips": int(pooled[:1].sum()),
        "subjects": answers.subjects,
    }


def _entries(metrics: list[Metric], answers: Answers) -> tuple[dict[str, dict], dict[str, np.ndarray]]:
    """Return the metrics as JSON types, and seed by seed, name -> `(seeds,)`."""
    if not answers.subjects:
        return {metric.name: _entry(metric, UNDEFINED, NO_CLIP) for metric in metrics}, {}
    drawn = statistic_of([metric for metric in metrics if metric.has_interval], answers)
    whole = statistic_of([metric for metric in metrics if not metric.has_interval], answers)
    intervals = jackknife(drawn, answers.subjects, {metric.name: metric.bounds for metric in metrics})
    points = score_whole(whole, answers.subjects)
    intervals |= {name: Interval(float(values.mean()), np.nan, np.nan, 0) for name, values in points.items()}
    by_seed = score_whole(drawn, answers.subjects) | points
    entries = {one.name: _entry(one, intervals[one.name], one.why_undefined(answers)) for one in metrics}
    return entries, {metric.name: by_seed[metric.name] for metric in metrics}


def _entry(metric: Metric, interval: Interval, reason: str | None) -> dict:
    values = {name: _number(getattr(interval, name)) for name in ("value", "low", "high")}
    return values | {"kept": interval.kept, "reason": reason or interval.reason or None}


def _recalls(answers: Answers, classes: tuple[str, ...]) -> dict[str, Interval]:
    """Return the recall of each class, by its name: its subjects are those who have a clip of the class."""
    if not answers.subjects:
        return dict.fromkeys(classes, UNDEFINED)
    intervals = {}
    for index, name in enumerate(classes):
        having = answers.confusions[on.support(answers.confusions)[:, 0, index] > 0]  # (subjects, seeds, K, K)

        def statistic(times: np.ndarray, having: np.ndarray = having, index: int = index) -> dict[str, np.ndarray]:
            return {"recall": on.recall(weighted(times, having))[..., index]}

        intervals[name] = jackknife(statistic, len(having), {"recall": (0, 1)})["recall"] if len(having) else UNDEFINED
    return intervals


def _per_subject(predictions: pd.DataFrame, labelled: pd.DataFrame) -> list[dict]:
    names, confusions = confusions_by_subject(predictions)
    coverage = labelled.groupby(subject_names(labelled), observed=True)["coverage"].mean()
    return [
        {
            "subject": subject,
            "clips": int(counts[0].sum()),
            "coverage": _number(coverage[subject]),
            **{name: _number(metric.measure(counts).mean()) for name, metric in OF_SUBJECTS.items()},
        }
        for subject, counts in zip(names, confusions, strict=True)
    ]


def _mean(values: np.ndarray) -> float | None:
    return _number(values.mean()) if values.size else None


def _number(value: float) -> float | None:
    """Return a number that JSON can hold: None for NaN."""
    return None if np.isnan(value) else float(value)
