"""Subjects on both sides of a split."""

from transferpain.experiments.leakage.evidence import NO_SUBJECTS, Evidence, LeakageCheck, Verdict, not_applicable
from transferpain.experiments.leakage.sides import in_both


def run(evidence: Evidence) -> Verdict:
    """Check that no subject is both learned from and tested."""
    if not evidence.has_subjects:
        return not_applicable(NO_SUBJECTS)
    subjects = evidence.subjects
    tested, shared = in_both(evidence, subjects)
    explanation = (
        "Subjects by dataset and name. One person under two names, as in the parts of BioVid, cannot be seen here."
    )
    figure = f"{len(shared)} of {len(tested)} tested subjects are in the training data of their fold"
    return Verdict("fail" if shared else "pass", figure, explanation)


SHARED_SUBJECTS = LeakageCheck("The same subject in two splits", run)
