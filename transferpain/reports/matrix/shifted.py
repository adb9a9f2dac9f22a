"""What cross-dataset cells score once answers are corrected for how frequent classes are where they are tested."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from transferpain.evaluation.formatting import UNDEFINED
from transferpain.evaluation.label_shift import METHODS, corrected
from transferpain.evaluation.predictions import labelled_rows, number_of_classes
from transferpain.evaluation.statistics import paired_difference, score_subjects
from transferpain.reports.matrix.facts import CellRun, Grid
from transferpain.reports.tables import BOUNDS, cells_or_reasons

SCORE, GAIN = "score", "gain"


def shifted(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> pd.DataFrame:
    """Return one row per method of each finished cross-dataset cell that is not adapted.

    Columns: cell, method, `score` and `gain` (the score minus that of the answers as they were) with their bounds,
    `found` and `true`, the shares of the classes as the method finds them and as they are, and `reason`.
    """
    rows = []
    for grid in grids:
        if grid.kind != "cross_dataset" or grid.adaptation:
            continue
        for run in grid.of(runs).values():
            labelled = labelled_rows(run.predictions)
            true = np.bincount(labelled["y_true"].to_numpy(int), minlength=number_of_classes(labelled)) / len(labelled)
            for method in METHODS:
                found = corrected(run.predictions, run.calibration, method)
                row = {"cell": run.record.name, "method": method, "reason": found.reason}
                row |= {"found": shares_text(found.shares), "true": shares_text(true)}
                values = {SCORE: None, GAIN: None}
                if found.predictions is not None:
                    values[SCORE] = score_subjects(found.predictions, (metric,))[metric]
                    values[GAIN] = paired_difference(found.predictions, run.predictions, metric)
                for name, value in values.items():
                    row |= {name + end: getattr(value, key) if value else None for end, key in BOUNDS.items()}
                rows.append(row | {"synthetic": bool(run.facts["synthetic"])})
    return pd.DataFrame(rows)


def shares_text(shares: np.ndarray) -> str:
    """Return the shares of the classes in their order, as text."""
    return UNDEFINED if np.isnan(shares).any() else " / ".join(f"{share:.2f}" for share in shares)


def shifted_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as text."""
    text = pd.DataFrame({"Cell": table["cell"], "Method": table["method"]})
    text["Score"] = cells_or_reasons(table, SCORE)
    text["Minus the answers as they were"] = cells_or_reasons(table, GAIN, signed=True)
    return text.assign(**{"Shares found": table["found"], "Shares": table["true"], "Limits": table["reason"]})
