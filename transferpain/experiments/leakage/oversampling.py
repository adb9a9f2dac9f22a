"""Rows that were multiplied before the split, and test rows that were multiplied for training."""

import numpy as np
import pandas as pd

from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.leakage.evidence import Evidence, LeakageCheck, Verdict


def run(evidence: Evidence) -> Verdict:
    """Check that each row of the data is there once, under any name, and only training rows were multiplied.

    The symptom to look for is a test class that is larger than the class itself (Hosseini, Table II).
    """
    repeated = is_repeated(evidence)
    held = evidence.samples[~repeated]["y"].value_counts()
    answers = evidence.predictions[evidence.predictions["frame"] == WHOLE_CLIP]
    tested = answers.groupby("seed")["y_true"].value_counts().groupby(level="y_true").max()
    too_many = [
        f"{evidence.task.classes[y]} {count} of {held.get(y, 0)}"
        for y, count in tested.items()
        if count > held.get(y, 0)
    ]
    multiplied, of_test = count_copied(evidence)
    figure = (
        f"{repeated.sum()} of {len(evidence.samples)} rows repeated; tested at most {_largest(evidence, tested, held)}"
        f"; {multiplied} rows repeated or changed for training, {of_test} of them tested in the same fold"
    )
    explanation = "Rows are repeated and changed after the split, and they are training rows alone."
    if of_test:
        explanation = "Rows of the test were repeated or changed for training."
    if repeated.any() or too_many:
        explanation = "Rows were multiplied before the split, so copies of one row may stand on both sides of it."
        if too_many:
            figure += f"; more tested than there are: {', '.join(too_many)}"
    state = "fail" if repeated.any() or too_many or of_test else "pass"
    return Verdict(state, figure, explanation)


def is_repeated(evidence: Evidence) -> np.ndarray:
    """Tell which samples were there before, bool `(samples,)`: by name, or as one subject's same stretch of bytes.

    The same bytes under two subjects are a video on both sides of a split, which check 2 looks for.
    """
    samples = evidence.samples
    repeated = samples.duplicated(["dataset", "clip"]).to_numpy()
    if evidence.has_subjects and evidence.stage is not None:
        # The key names bytes and stretch; a clip that cannot be used has none.
        keys = evidence.stage["key"].to_numpy(dtype=str)[evidence.file_of]
        content = samples[["row"]].assign(subject=evidence.subjects, key=keys)
        repeated = repeated | (content.duplicated().to_numpy() & (keys != ""))
    return repeated


def count_copied(evidence: Evidence) -> tuple[int, int]:
    """Return how many rows were repeated or changed for training, over folds, and how many are tested in their fold."""
    rows = of_test = 0
    for fold in evidence.folds:
        copied = [one.rows for one in evidence.fitted.get(fold.name, ()) if one.use == "copies"]
        seen = np.unique(np.concatenate([np.empty(0, np.int64), *copied]))
        rows += len(seen)
        of_test += int(np.isin(fold.test, seen).sum())
    return rows, of_test


def _largest(evidence: Evidence, tested: pd.Series, held: pd.Series) -> str:
    if tested.empty:
        return "0 labelled rows"
    y = max(tested.index, key=lambda label: tested[label] / max(1, held.get(label, 0)))
    return f"{tested[y]} of {held.get(y, 0)} rows ({evidence.task.classes[y]})"


OVERSAMPLING = LeakageCheck("Augmentation or oversampling before the split", run)
