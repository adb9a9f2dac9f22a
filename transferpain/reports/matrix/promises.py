"""What prediction sets promised in each cell, and what came: kept within a dataset, by luck alone across datasets."""

from collections.abc import Mapping

import pandas as pd

from transferpain.evaluation.formatting import UNDEFINED, number
from transferpain.evaluation.prediction_sets import ALL, PROMISES, keep_sets
from transferpain.reports.matrix.facts import KINDS, CellRun
from transferpain.reports.tables import BOUNDS, cells_or_reasons

PROMISED = PROMISES[-1]
FIGURES = {"covered": "Covered", "size": "Classes in a set"}


def promises(runs: Mapping[str, CellRun]) -> pd.DataFrame:
    """Return one row per finished cell with labels, with `<figure>`, `_low`, `_high` and `_reason` of each figure."""
    rows = []
    for name, run in runs.items():
        if not run.scores["all"]:
            continue
        kept = keep_sets(run.predictions, run.calibration, PROMISED)[ALL]
        record = run.record
        row = {"cell": name, "kind": record.kind, "trained_on": record.trained_on, "tested_on": record.tested_on}
        row |= {"promised": kept.promised, "calibrated_on": kept.calibrated_on, "worst": kept.worst}
        for figure in FIGURES:
            found = kept.figures.get(figure)
            row |= {figure + ending: getattr(found, key) if found else None for ending, key in BOUNDS.items()}
        row |= {"covered_reason": kept.reason} if kept.reason else {}
        rows.append(row | {"synthetic": bool(run.facts["synthetic"])})
    return pd.DataFrame(rows)


def promises_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as text, with the reason where nothing is promised."""
    text = pd.DataFrame({"Cell": table["cell"], "Kind": table["kind"].map(KINDS), "Tested on": table["tested_on"]})
    for figure, title in FIGURES.items():
        text[title] = cells_or_reasons(table, figure)
    text["Worst subject"] = [UNDEFINED if pd.isna(share) else number(share) for share in table["worst"]]
    return text.assign(**{"Calibrated on": table["calibrated_on"].astype(str)})
