"""All scores of a run, derived from its predictions alone."""

import numpy as np
import pandas as pd

from transferpain.errors import UserError
from transferpain.evaluation import confusion as on
from transferpain.evaluation.confusion import METRICS
from transferpain.evaluation.predictions import (
    CLIP,
    clip_rows,
    confusions_by_subject,
    number_of_classes,
    subject_names,
    tells_subjects_apart,
)
from transferpain.evaluation.statistics import DRAWS, bootstrap_subjects

SUBJECT_METRICS = ("balanced_accuracy", "macro_f1", "accuracy")


def score(predictions: pd.DataFrame, classes: tuple[str, ...], *, draws: int = DRAWS) -> dict:
    """Score a run: pooled over its subjects and folds, averaged over its seeds, and subject by subject.

    Args:
        predictions: the table of a run; its clip rows (`frame == -1`) are scored.
        classes: names of the classes `0..K-1`.
        draws: bootstrap draws behind the intervals.

    Returns:
        JSON types only; a score that is not defined is None:

        - `classes`, `absent` (names of classes without a labelled clip: they enter no mean), `seeds`,
          `subjects`, `clips` (labelled), `unlabelled`, `coverage` (mean share of frames with a face),
          `clips_without_face`;
        - `all` and `covered` (clips with a face in at least one frame): each metric as
          `{value, low, high, draws}`, `per_class` (precision, recall, f1, support), `confusion` (rows true,
          columns predicted, summed over seeds), `per_seed`, `clips`, `subjects`; None without a label;
        - `selected`: the same over the rows that the column `selected` marks, where there is one; else None;
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
    selected = predictions[predictions["selected"]] if "selected" in predictions else predictions[:0]
    return {
        "classes": list(classes),
        "absent": [name for name, count in zip(classes, counts, strict=True) if count == 0],
        "seeds": sorted(int(seed) for seed in rows["seed"].unique()),
        "subjects": int(subject_names(clips).nunique()),
        "clips": int(labelled.sum()),
        "unlabelled": int((~labelled).sum()),
        "coverage": _number(clips["coverage"].mean()),
        "clips_without_face": int((clips["coverage"] == 0).sum()),
        "all": _scores(predictions, classes, False, draws) if has_labels else None,
        "covered": _scores(predictions, classes, True, draws) if has_labels else None,
        "selected": _scores(selected, classes, False, draws) if has_labels and len(selected) else None,
        "has_subjects": has_subjects,
        "per_subject": _per_subject(predictions, clips[labelled]) if has_labels and has_subjects else [],
    }


def _scores(predictions: pd.DataFrame, classes: tuple[str, ...], covered: bool, draws: int) -> dict:
    by_subject = confusions_by_subject(predictions, covered)
    pooled = by_subject.counts.sum(axis=0)  # (seeds, K, K)
    intervals = bootstrap_subjects(predictions, covered=covered, draws=draws)
    return {
        **{
            name: {
                "value": _number(interval.value),
                "low": _number(interval.low),
                "high": _number(interval.high),
                "draws": interval.draws,
            }
            for name, interval in intervals.items()
        },
        "per_class": {
            name: {
                "precision": _mean(on.precision(pooled)[:, index]),
                "recall": _mean(on.recall(pooled)[:, index]),
                "f1": _mean(on.f1(pooled)[:, index]),
                "support": int(pooled[:1, index].sum()),
            }
            for index, name in enumerate(classes)
        },
        "confusion": pooled.sum(axis=0).tolist(),
        "per_seed": {
            str(seed): {name: _number(float(measure(pooled[index]))) for name, measure in METRICS.items()}
            for index, seed in enumerate(by_subject.seeds)
        },
        "clips": int(pooled[:1].sum()),
        "subjects": len(by_subject.subjects),
    }


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
