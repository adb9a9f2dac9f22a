"""Classes that a mean over classes cannot show."""

import numpy as np
import pandas as pd

from transferpain.experiments.leakage.evidence import NO_LABELS, Evidence, LeakageCheck, Verdict, not_applicable


def run(evidence: Evidence) -> Verdict:
    """Check that each class is tested on two subjects at least, and learned from in each fold."""
    tested = evidence.tested
    if not len(tested):
        return not_applicable(NO_LABELS)
    y = evidence.samples["y"]
    subjects = pd.Series(evidence.subjects, index=y.index)
    labels = y.iloc[tested]
    people = subjects.iloc[tested].groupby(labels.to_numpy(dtype=np.int64)).nunique()
    faults, counts = [], []
    for number, label in enumerate(evidence.task.classes):
        found = int(people.get(number, 0))
        counts.append(f"{label} {found}")
        untrained = [fold.name for fold in evidence.folds if not (y.iloc[fold.train] == number).any()]
        if found == 0:
            faults.append(f"{label} is not tested")
        elif found == 1 and evidence.has_subjects:
            faults.append(f"{label} is tested on one subject")
        if untrained:
            faults.append(f"{label} is not trained in {', '.join(untrained[:3])}")
    what = "tested subjects" if evidence.has_subjects else "tested pictures"
    explanation = "Means over classes count every class."
    if faults:
        explanation = f"A mean over classes hides this: {'; '.join(faults)}."
    return Verdict("fail" if faults else "pass", f"{what}: {', '.join(counts)}", explanation)


CLASSES = LeakageCheck("Empty and single-subject classes", run)
