"""What a strategy reads of a finished run for its section of the report."""

from pathlib import Path
from typing import Any

from transferpain.core.paths import inside
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


def fold_files(run: Path, name: str) -> dict[str, Path]:
    """Return fold folder -> its file of that name, of the trainings that left one, in a fixed order."""
    return {folder.name: folder / name for folder in fold_folders(run) if (folder / name).is_file()}
