"""What tuning adds to a report: how much of its source's task the network has forgotten."""

from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.core.csv_file import read_csv
from transferpain.strategies.common.finished import fold_files, read_experiment

FORGETTING = "forgetting.csv"


def forgetting_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` where the source was not probed."""
    files = fold_files(run, FORGETTING)
    if not files:
        return None
    experiment = read_experiment(run)
    scores = pd.concat([read_csv(path, ("fold",)) for path in files.values()], ignore_index=True)
    table = scores.assign(run=experiment["name"])[["run", *scores.columns]]
    before, after = scores.groupby("tuned")["balanced_accuracy"].mean()
    note = (
        f"Forgetting: on the task of its source ({experiment['source']}, {scores['rows'].iloc[0]} test rows) the "
        f"network has a balanced accuracy of {before:.3f} before tuning and {after:.3f} with its tuned layers put "
        "back, a mean over folds and seeds."
    )
    return Section(title="Forgetting", tables=(Table("forgetting", table),), notes=(note,))
