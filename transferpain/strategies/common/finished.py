"""What a strategy reads of a finished run for its section of the report."""

import hashlib
from pathlib import Path
from typing import Any

from transferpain.core.paths import inside
from transferpain.core.store import file_hash
from transferpain.strategies.common.stated import Facts, read_stated, read_stated_experiment


def read_experiment(run: Path) -> dict[str, Any]:
    """Return the experiment of a run's folder, with every default filled in."""
    return read_stated_experiment(run / "experiment.yaml")


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
