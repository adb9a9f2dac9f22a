"""What a strategy reads of a finished run for its section of the report."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from transferpain.core.csv_file import read_csv
from transferpain.core.foreign import reason_of
from transferpain.core.paths import inside
from transferpain.core.store import file_hash
from transferpain.strategies.common.stated import (
    Facts,
    Stated,
    StatedExperiment,
    check_kinds,
    read_stated,
    read_stated_experiment,
    unusable,
)


def read_experiment(run: Path, schema: type[Stated] = StatedExperiment) -> dict[str, Any]:
    """Return the experiment of a run's folder, with every default filled in.

    Args:
        schema: what the section reads of it: keys without which it cannot be written are required there.

    Raises:
        UserError: as `read_stated_experiment`; the file and the key are named.
    """
    experiment = read_stated_experiment(run / "experiment.yaml")
    check_kinds(experiment, schema, run / "experiment.yaml")
    return experiment


def read_fold_table(
    path: Path, text: Iterable[str] = (), numbers: Iterable[str] = (), marks: Iterable[str] = ()
) -> pd.DataFrame:
    """Read a table that a fold of a finished run has left, as `write_csv` wrote it.

    Args:
        text: columns that hold text as it was.
        numbers: columns that hold numbers.
        marks: columns that are true or false.

    Raises:
        OddFile: if it is no such table, or has no row; the file and the column are named.
    """
    try:
        table = read_csv(path, text)
    except Exception as error:  # as `foreign.border` says of readers
        raise unusable(path, reason_of(error)) from error
    if table.empty:
        raise unusable(path, "it has no row")
    kinds = dict.fromkeys(text, "text") | dict.fromkeys(numbers, "numbers") | dict.fromkeys(marks, "true or false")
    for name, kind in kinds.items():
        fits = name in table and (
            kind == "text" or (is_bool_dtype(table[name]) if kind == "true or false" else is_numeric_dtype(table[name]))
        )
        if not fits:
            found = "is missing" if name not in table else f"holds something else, such as {table[name].iloc[0]!r:.40}"
            raise unusable(path, f"the column `{name}` {found}; {kind} is meant")
    return table


def fold_folders(run: Path) -> list[Path]:
    """Return the folders of a run's folds, in a fixed order: those that it planned.

    Of a run of a former version, which did not say so, those that hold predictions.

    Raises:
        UserError: if what the run says cannot be read, or names what lies elsewhere.
    """
    facts = run / "facts.json"
    planned = read_stated(facts, Facts).get("folds") if facts.is_file() else None
    if planned is None:
        return sorted(path.parent for path in run.glob("folds/*/predictions.parquet"))
    return [inside(run, run / "folds" / name) for name in sorted(planned)]


def predictions_hash(run: Path) -> str:
    """Return what `sha256sum folds/*/predictions.parquet | sha256sum` prints in a run's folder (`LC_ALL=C`)."""
    files = sorted(f"folds/{folder.name}/predictions.parquet" for folder in fold_folders(run))
    lines = "".join(f"{file_hash(run / file)}  {file}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def fold_files(run: Path, name: str) -> dict[str, Path]:
    """Return fold folder -> its file of that name, of the trainings that left one, in a fixed order."""
    return {folder.name: folder / name for folder in fold_folders(run) if (folder / name).is_file()}
