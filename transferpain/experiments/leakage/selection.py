"""Epochs and models that were chosen on what is scored."""

import numpy as np

from transferpain.experiments.leakage.evidence import (
    Evidence,
    LeakageCheck,
    Verdict,
)


def run(evidence: Evidence) -> Verdict:
    """Check that epochs and models are not chosen on subjects (without subjects: on rows) that are scored."""
    samples = evidence.subjects if evidence.has_subjects else np.arange(len(evidence.samples))
    tested, used = set(), set()
    for fold in evidence.folds:
        test = set(samples[fold.test])
        tested |= test
        used |= test & set(samples[fold.selection])
    what = "subjects" if evidence.has_subjects else "pictures"
    figure = f"{len(used)} of {len(tested)} tested {what} chose the epoch or the model"
    explanation = "Training stops, and the model is chosen, on the loss of rows set aside from training."
    if used:
        explanation = "Training stopped on what is scored here, so the scores are optimistic."
    return Verdict("fail" if used else "pass", figure, explanation)


SELECTION = LeakageCheck("Selection on the test data", run)
