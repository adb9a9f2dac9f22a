"""What the labels of source and target mean."""

from transferpain.experiments.leakage.evidence import Evidence, LeakageCheck, Verdict
from transferpain.experiments.leakage.lineage import UNKNOWN


def run(evidence: Evidence) -> Verdict:
    """Check that what the labels mean is stated, for the target and for each training of the source."""
    if evidence.lineage is None:
        return Verdict("fail", "unknown", UNKNOWN)
    targets = [str(name) for name in evidence.samples["dataset"].unique()]
    parts = ["target"] if len(targets) == 1 else ["trained on", "tested on"]
    stated = [
        (f"{target} ({part})", evidence.task.rule_for(target).definition)
        for target, part in zip(targets, parts, strict=True)
    ]
    stated += [(f"{one.dataset} (source)", one.definition) for one in evidence.lineage]
    missing = [who for who, definition in stated if not definition]
    figure = "; ".join(f"{who}: {definition or 'not stated'}" for who, definition in stated)
    explanation = "One dataset, one meaning."
    if len({definition for _, definition in stated}) > 1:
        explanation = "Source and target predict different things; the score tells how well one carries over."
    elif missing:
        explanation = "Write a definition into the task."
    return Verdict("fail" if missing else "declared", figure, explanation)


LABEL_MEANING = LeakageCheck("What the labels mean", run)
