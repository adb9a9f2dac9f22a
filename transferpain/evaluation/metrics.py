"""All scores of a run, derived from its predictions alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.evaluation import confusion as on
from transferpain.evaluation.calibration import calibration_statistic, describe_bins, error_statistic
from transferpain.evaluation.confusion import METRICS
from transferpain.evaluation.ordinal import NAMES as ORDINAL_METRICS
from transferpain.evaluation.ordinal import ordinal_statistic, why_undefined
from transferpain.evaluation.predictions import (
    CLIP,
    clip_rows,
    confusions_by_subject,
    number_of_classes,
    subject_names,
    tells_subjects_apart,
)
from transferpain.evaluation.ranking import class_area, ranking_statistic, why_no_area
from transferpain.evaluation.resampling import Answers, bootstrap, read_answers, score_whole, weighted
from transferpain.evaluation.statistics import DRAWS, Interval, bootstrap_subjects

PROBABILITY_METRICS = ("auc", "log_loss", "brier", "calibration_error")
UNDEFINED = Interval(np.nan, np.nan, np.nan, 0)
SUBJECT_METRICS = ("balanced_accuracy", "macro_f1", "accuracy")


def score(predictions: pd.DataFrame, classes: tuple[str, ...], *, ordinal: bool = False, draws: int = DRAWS) -> dict:
    """Score a run: pooled over its subjects and folds, averaged over its seeds, and subject by subject.

    Args:
        predictions: the table of a run; its clip rows (`frame == -1`) are scored.
        classes: names of the classes `0..K-1`.
        ordinal: whether the classes are ordered levels.
        draws: bootstrap draws behind the intervals.

    Returns:
        JSON types only; a score that is not defined is None:

        - `classes`, `absent` (names of classes without a labelled clip: they enter no mean), `seeds`,
          `subjects`, `clips` (labelled), `unlabelled`, `coverage` (mean share of frames with a face),
          `clips_without_face`;
        - `all` and `covered` (clips with a face in at least one frame): each metric as
          `{value, low, high, draws}`, `per_class` (precision, recall with recall_low and recall_high, f1, auc,
          support), `confusion` (rows true, columns predicted, summed over seeds), `per_seed`, `clips`, `subjects`;
          None without a label;
        - in both of them also `auc`, `log_loss`, `brier`, `calibration_error` and, in `ordinal` (None unless the
          classes are ordered), the scores of `ordinal.NAMES`: each as `{value, low, high, draws, reason}`, where
          `reason` says why a value is None; and `reliability`, the bins behind the calibration error;
        - `selected`: the same over the rows that the column `selected` marks, where there is one; else None;
        - `copies`: how many labelled clips the column `in_training` marks, None where there is none; and
          `without_copies`: the same scores over all others; None if that leaves out nothing, or everything;
        - `has_subjects`: false where most subjects have one clip (images grouped by their pixels): there the
          interval is one over images, and a subject's score says nothing;
        - `per_subject`: a row a subject, its means over the classes the subject has; empty without subjects.

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
    whole = _scores(predictions, classes, ordinal, False, draws) if has_labels else None
    covered = _scores(predictions, classes, ordinal, True, draws) if has_labels and clips_without_face else whole
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
        "selected": _scores(selected, classes, ordinal, False, draws) if has_labels and len(selected) else None,
        "copies": copies,
        "without_copies": _scores(originals, classes, ordinal, False, draws) if len(originals) else None,
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


def _scores(predictions: pd.DataFrame, classes: tuple[str, ...], ordinal: bool, covered: bool, draws: int) -> dict:
    by_subject = confusions_by_subject(predictions, covered)
    answers = read_answers(predictions, covered)
    further, further_by_seed = _further_scores(answers, ordinal, draws)
    pooled = by_subject.counts.sum(axis=0)  # (seeds, K, K)
    intervals = bootstrap_subjects(predictions, covered=covered, draws=draws)
    recalls = _recalls(by_subject.counts, classes, draws)
    return {
        **{name: _entry(interval) for name, interval in intervals.items()},
        **{name: further[name] for name in PROBABILITY_METRICS},
        "ordinal": {name: further[name] for name in ORDINAL_METRICS} if ordinal else None,
        "reliability": describe_bins(answers),
        "per_class": {
            name: {
                "precision": _mean(on.precision(pooled)[:, index]),
                "recall": _number(recalls[name].value),
                "recall_low": _number(recalls[name].low),
                "recall_high": _number(recalls[name].high),
                "f1": _mean(on.f1(pooled)[:, index]),
                "auc": _number(class_area(answers, index)),
                "support": int(pooled[:1, index].sum()),
            }
            for index, name in enumerate(classes)
        },
        "confusion": pooled.sum(axis=0).tolist(),
        "per_seed": {
            str(seed): {name: _number(float(measure(pooled[index]))) for name, measure in METRICS.items()}
            | {name: _number(float(values[index])) for name, values in further_by_seed.items()}
            for index, seed in enumerate(by_subject.seeds)
        },
        "clips": int(pooled[:1].sum()),
        "subjects": len(by_subject.subjects),
    }


def _recalls(counts: np.ndarray, classes: tuple[str, ...], draws: int) -> dict[str, Interval]:
    """Return the recall of each class from confusion matrices `(subjects, seeds, classes, classes)`."""
    if not counts.size:
        return dict.fromkeys(classes, UNDEFINED)

    def statistic(times: np.ndarray) -> dict[str, np.ndarray]:
        values = on.recall(weighted(times, counts))  # (draws, seeds, classes)
        return {name: values[..., index] for index, name in enumerate(classes)}

    return bootstrap(statistic, len(counts), draws=draws)


def _further_scores(answers: Answers, ordinal: bool, draws: int) -> tuple[dict[str, dict], dict[str, np.ndarray]]:
    """Return the scores that need probabilities or levels: name -> entry, and name -> `(seeds,)`."""
    if not answers.subjects:
        names = (*PROBABILITY_METRICS, *ORDINAL_METRICS)
        return {name: _entry(UNDEFINED) | {"reason": "no clip is counted"} for name in names}, {}
    measures = [
        (ranking_statistic(answers), why_no_area, draws),
        (calibration_statistic(answers), None, draws),
        (error_statistic(answers), None, 0),
    ]
    if ordinal:
        measures.append((ordinal_statistic(answers), why_undefined, draws))
    entries, by_seed = {}, {}
    for statistic, why, number in measures:
        by_seed |= score_whole(statistic, answers.subjects)
        for name, interval in bootstrap(statistic, answers.subjects, draws=number).items():
            entries[name] = _entry(interval) | {"reason": _reason(why, name, answers) if why else None}
    return entries, by_seed


def _reason(why: Callable[[str, Answers, int], str | None], name: str, answers: Answers) -> str | None:
    """Return why a score is not defined, with the seeds where it is for some of them only."""
    by_seed = {seed: why(name, answers, position) for position, seed in enumerate(answers.seeds)}
    faults = {seed: fault for seed, fault in by_seed.items() if fault}
    if not faults:
        return None
    where = "" if len(faults) == len(by_seed) else f"seed {', '.join(map(str, faults))}: "
    return where + next(iter(faults.values()))


def _entry(interval: Interval) -> dict:
    values = {name: _number(getattr(interval, name)) for name in ("value", "low", "high")}
    return values | {"draws": interval.draws}


def _per_subject(predictions: pd.DataFrame, labelled: pd.DataFrame) -> list[dict]:
    by_subject = confusions_by_subject(predictions)
    coverage = labelled.groupby(subject_names(labelled), observed=True)["coverage"].mean()
    return [
        {
            "subject": subject,
            "clips": int(confusions[0].sum()),
            "coverage": _number(coverage[subject]),
            **{name: _number(METRICS[name](confusions).mean()) for name in SUBJECT_METRICS},
        }
        for subject, confusions in zip(by_subject.subjects, by_subject.counts, strict=True)
    ]


def _mean(values: np.ndarray) -> float | None:
    return _number(values.mean()) if values.size else None


def _number(value: float) -> float | None:
    """Return a number that JSON can hold: None for NaN."""
    return None if np.isnan(value) else float(value)
