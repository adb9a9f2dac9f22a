"""Epochs and models that were chosen on what is scored."""

import numpy as np

from transferpain.data.protocols.fold import Fold
from transferpain.experiments.leakage.evidence import (
    Evidence,
    LeakageCheck,
    Verdict,
)


def run(evidence: Evidence) -> Verdict:
    """Check that epochs and models are not chosen on subjects (without subjects: on rows) that are scored."""
    samples = evidence.subjects if evidence.has_subjects else np.arange(len(evidence.samples))
    tested, used, silent = set(), set(), 0
    for fold in evidence.folds:
        test, chosen_by = set(samples[fold.test]), rows_chosen_by(evidence, fold)
        silent += chosen_by is None
        tested |= test
        used |= test & set(samples[fold.selection if chosen_by is None else chosen_by])
    what = "subjects" if evidence.has_subjects else "pictures"
    figure = f"{len(used)} of {len(tested)} tested {what} chose the epoch or the model"
    if used:
        explanation = "Training stopped, or a model was chosen, on what is scored here, so the scores are optimistic."
        return Verdict("fail", figure, explanation)
    if silent:
        explanation = f"{silent} folds do not say which rows chose: their split sets rows aside, as it is declared."
        return Verdict("declared", figure, explanation)
    return Verdict("pass", figure, "By the rows whose loss stopped the training, or by which a model was chosen.")


def rows_chosen_by(evidence: Evidence, fold: Fold) -> np.ndarray | None:
    """Return the positions that epochs and models were chosen by in a fold; `None` where it does not say."""
    rows = [one.rows for one in evidence.fitted.get(fold.name, ()) if one.use == "selection"]
    return np.unique(np.concatenate(rows)) if rows else None


SELECTION = LeakageCheck("Selection on the test data", run)
