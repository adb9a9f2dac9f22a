"""What was fitted to test rows."""

from collections import defaultdict

import numpy as np

from transferpain.core.contracts import FittedRows
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.leakage.evidence import Evidence, LeakageCheck, Verdict

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
    one_by_one = "picture by picture" if evidence.experiment.features.signals is None else "clip by clip"
    explanation = f"Features are computed {one_by_one}, so no other row enters them."
    if evidence.experiment.adaptation is not None:
        explanation = f"Features are computed {one_by_one}, and then adapted to the rows that are counted here."
    if declared:
        explanation = f"Transductive, read test rows without their labels: {', '.join(sorted(declared))}."
    if evidence.experiment.features.made_elsewhere:
        explanation = f"{OF_OWN_FEATURES} {explanation}" if declared else OF_OWN_FEATURES
    return Verdict("fail" if bad else "pass", figure, explanation)


def is_known(evidence: Evidence, fold: Fold) -> bool:
    """Tell whether a fold says what was fitted in it, the adaptation of its features included."""
    steps = {one.step for one in evidence.fitted.get(fold.name, ()) if one.use == "fit"}
    adaptation = evidence.experiment.adaptation
    return bool(steps) and (adaptation is None or f"adaptation {adaptation}" in steps)


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
