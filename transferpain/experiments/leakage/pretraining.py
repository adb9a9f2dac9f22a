"""Tested subjects in the training of the source."""

import numpy as np

from transferpain.core.store import fingerprint
from transferpain.experiments.leakage.evidence import (
    NO_SUBJECTS,
    Evidence,
    LeakageCheck,
    Verdict,
    not_applicable,
)
from transferpain.experiments.leakage.lineage import UNKNOWN

OF_OWN_FEATURES = (
    "Features were made elsewhere: whether what made them has learned from tested people, the user alone can say."
)


def run(evidence: Evidence) -> Verdict:
    """Check that no tested subject was in the training of the source, or of a source before it."""
    if evidence.lineage is None:
        return Verdict("fail", "unknown", UNKNOWN)
    if evidence.experiment.features.made_elsewhere:
        return Verdict("declared", "not known", OF_OWN_FEATURES)
    if not evidence.lineage:
        explanation = f"The source is {evidence.experiment.source}: no pain or emotion dataset took part."
        return not_applicable(explanation)
    tested = evidence.samples.iloc[np.unique(np.concatenate([fold.test for fold in evidence.folds]))]
    tested = tested.drop_duplicates(["dataset", "subject"])
    codes = {fingerprint([str(row.dataset), str(row.subject)]) for row in tested.itertuples()}
    shared, unclear = set(), []
    for ancestor in evidence.lineage:
        if ancestor.people is not None:
            shared |= codes & set(ancestor.people)
        elif ancestor.dataset in set(tested["dataset"]):
            unclear.append(ancestor.dataset)
    trained_on = ", ".join(dict.fromkeys(ancestor.dataset for ancestor in evidence.lineage))
    if unclear:
        return Verdict("fail", f"trained on {trained_on}, tested on it too", NO_SUBJECTS)
    figure = f"{len(shared)} of {len(codes)} tested subjects were in the training of the source ({trained_on})"
    explanation = (
        "By dataset and subject. One person in two datasets, and what the face detector was trained on, are unknown."
    )
    if not any(ancestor.people for ancestor in evidence.lineage):
        explanation = "The source names no people: that it comes from another dataset is what its manifest declares."
        return Verdict("declared", figure, explanation)
    return Verdict("fail" if shared else "pass", figure, explanation)


PRETRAINING = LeakageCheck("Pretraining on tested subjects", run)
