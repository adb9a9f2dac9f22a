"""Rows that were multiplied before the split."""

import pandas as pd

from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.leakage.evidence import Evidence, LeakageCheck, Verdict


def run(evidence: Evidence) -> Verdict:
    """Check that each row of the data is there once, and no class is tested more often than the data hold it.

    The symptom to look for is a test class that is larger than the class itself (Hosseini, Table II).
    """
    key = ["dataset", "clip"]
    repeated = int(evidence.samples.duplicated(key).sum())
    held = evidence.samples.drop_duplicates(key)["y"].value_counts()
    answers = evidence.predictions[evidence.predictions["frame"] == WHOLE_CLIP]
    tested = answers.groupby("seed")["y_true"].value_counts().groupby(level="y_true").max()
    too_many = [
        f"{evidence.task.classes[y]} {count} of {held.get(y, 0)}"
        for y, count in tested.items()
        if count > held.get(y, 0)
    ]
    figure = f"{repeated} of {len(evidence.samples)} rows repeated; tested at most {_largest(evidence, tested, held)}"
    explanation = "Training pictures are augmented batch by batch after the split; nothing is oversampled before it."
    if repeated or too_many:
        explanation = "Rows were multiplied before the split, so copies of one row may stand on both sides of it."
        if too_many:
            figure += f"; more tested than there are: {', '.join(too_many)}"
    state = "fail" if repeated or too_many else "pass"
    return Verdict(state, figure, explanation)


def _largest(evidence: Evidence, tested: pd.Series, held: pd.Series) -> str:
    if tested.empty:
        return "0 labelled rows"
    y = max(tested.index, key=lambda label: tested[label] / max(1, held.get(label, 0)))
    return f"{tested[y]} of {held.get(y, 0)} rows ({evidence.task.classes[y]})"


OVERSAMPLING = LeakageCheck("Augmentation or oversampling before the split", run)
