"""What a strategy reads of a finished run for its section of the report."""

from pathlib import Path
from typing import Any

from transferpain.core.schema import as_today
from transferpain.core.yaml_file import read_mapping


def read_experiment(run: Path) -> dict[str, Any]:
    """Return the experiment of a run's folder, with every default filled in."""
    path = run / "experiment.yaml"
    return as_today(read_mapping(path), path)


def fold_files(run: Path, name: str) -> dict[str, Path]:
    """Return fold folder -> its file of that name, of the trainings that left one, in a fixed order."""
    return {path.parent.name: path for path in sorted(run.glob(f"folds/*/{name}"))}
