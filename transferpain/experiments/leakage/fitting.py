"""What was fitted to test rows."""

from collections import defaultdict

import numpy as np

from transferpain.core.contracts import FittedRows
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.leakage.evidence import Evidence, LeakageCheck, Verdict
from transferpain.inputs.adaptation.base import FeatureAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.reference.settings import reads_references

REFERENCES = "Neutral clips that features are compared with are trained, selected and tested on in no fold."
OF_OWN_FEATURES = "Features were made elsewhere: whether tested rows entered them, the user alone can say."


def run(evidence: Evidence) -> Verdict:
    """Check that nothing is fitted to test rows; methods that are declared to read them are named."""
    unknown = [fold.name for fold in evidence.folds if not is_known(evidence, fold)]
    if unknown:
        named = ", ".join(unknown[:3])
        return Verdict("fail", "unknown", f"The run does not say what was fitted in {named}; run it again.")
    fitted = [(fold, one) for fold in evidence.folds for one in evidence.fitted[fold.name] if one.use == "fit"]
    read = count_test_rows(fitted)
    declared = {one.step for _, one in fitted if one.transductive}
    bad = [step for step, rows in read.items() if rows and step not in declared]
    figure = "; ".join(f"{step}: {rows} test rows" for step, rows in read.items())
    used = used_references(evidence)
    if evidence.experiment.reference is not None:
        figure += f"; {used} of {len(references(evidence))} references in a part"
    one_by_one = "picture by picture" if evidence.experiment.features.signals is None else "clip by clip"
    explanation = f"Features are computed {one_by_one}, so no other row enters them."
    method = ADAPTATIONS.get(evidence.experiment.adaptation)
    if isinstance(method, FeatureAdaptation):
        explanation = f"Features are computed {one_by_one}, and then adapted to the rows that are counted here."
    elif method is not None:
        explanation = "Beside its labelled rows the network saw pictures, without labels, of the others counted here."
    if evidence.experiment.reference is not None:
        explanation = f"{REFERENCES} {explanation}"
    if declared:
        explanation = f"Transductive, read test rows without their labels: {', '.join(sorted(declared))}."
    if evidence.experiment.features.made_elsewhere:
        explanation = f"{OF_OWN_FEATURES} {explanation}" if declared else OF_OWN_FEATURES
    return Verdict("fail" if bad or used else "pass", figure, explanation)


def is_known(evidence: Evidence, fold: Fold) -> bool:
    """Tell whether a fold says what was fitted in it, the adaptation of its features and its references included."""
    lines = evidence.fitted.get(fold.name, ())
    steps = {one.step for one in lines if one.use == "fit"}
    adaptation = evidence.experiment.adaptation
    references = not reads_references(evidence.experiment.reference) or any(one.use == "reference" for one in lines)
    return bool(steps) and references and (adaptation is None or f"adaptation {adaptation}" in steps)


def references(evidence: Evidence) -> np.ndarray:
    """Return the positions of the samples that any fold's features are compared with, or would be, ascending."""
    read = [one.rows for lines in evidence.fitted.values() for one in lines if one.use == "reference"]
    return np.unique(np.concatenate([*(fold.reference for fold in evidence.folds), *read]))


def used_references(evidence: Evidence) -> int:
    """Return how many references are of a clip, or of a cut sequence, that any fold trains, selects or tests on."""
    if evidence.experiment.reference is None:
        return 0
    files = evidence.files
    clips = files["clip"].where(files["kind"] != "image_span", files["media"]).to_numpy(dtype=str)[evidence.file_of]
    parts = np.concatenate([part for fold in evidence.folds for part in (fold.train, fold.selection, fold.test)])
    return int(np.isin(clips[references(evidence)], clips[parts]).sum())


def count_test_rows(fitted: list[tuple[Fold, FittedRows]]) -> dict[str, int]:
    """Return step -> how many test rows of its own fold it was fitted to, summed over folds.

    A row that several seeds or parts of a step have seen counts once.
    """
    tests = {fold.name: fold.test for fold, _ in fitted}
    seen: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for fold, one in fitted:
        seen[one.step][fold.name].append(one.rows)
    return {
        step: sum(int(np.isin(tests[name], np.concatenate(rows)).sum()) for name, rows in of_fold.items())
        for step, of_fold in seen.items()
    }


FITTING = LeakageCheck("Fitting with test rows", run)
