"""The run folder: what an experiment leaves behind, and how it is found again.

runs/<name>-<hash>/
    experiment.yaml      the experiment with every default filled in
    facts.json           what it was computed from: index, source, detector, compute dtype, synthetic or not
    environment.json     versions, machine, commit
    cost.json            seconds, sessions, clips embedded and clips found in the cache
    transferability.json how well the source should transfer, where a head is trained on its features
    log.txt              what happened when
    unusable.csv         clips that could not be used, and why
    folds/<fold>-seed<seed>/predictions.parquet, history.csv, done; candidates.csv with nested selection,
        forgetting.csv where the source was probed, three-models.json of the strategy `hybrid`;
        <fold> as `name_in_path` writes it, the fold's own name is a column of the predictions
    metrics.json         derived from the predictions, never written by hand
    model/               the best model, as a bundle
"""

import fcntl
import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.store import (
    TEMPORARY,
    inside,
    name_in_path,
    read_json,
    remove_folder,
    write_atomically,
    write_json,
    write_text,
)

FORGETTING = "forgetting.csv"
THREE_MODELS = "three-models.json"
TRANSFERABILITY = "transferability.json"
REPORTED_PACKAGES = (
    "transferpain",
    "tensorflow",
    "keras",
    "keras-cv",
    "numpy",
    "opencv-python",
    "mediapipe",
    "dlib-bin",
    "face-alignment",
    "torch",
    "scikit-learn",
    "pandas",
    "pyarrow",
)


@dataclass(frozen=True)
class RunFolder:
    """The paths of one run."""

    path: Path

    def fold(self, fold: str, seed: int) -> Path:
        """Return the folder of a fold and seed; a fold may be called after a subject, whose name can be any text.

        Raises:
            UserError: if it would not lie in the run's folder, because a link leads out of it.
        """
        folder, older = (self.path / "folds" / f"{name}-seed{seed}" for name in (name_in_path(fold), fold))
        # Before names were encoded, `Anna 1` stood there as it is. No name is encoded so, and no two folds meet there.
        is_older = "/" not in fold and not re.fullmatch(r"[\w.%-]*", fold, re.ASCII) and os.path.isdir(older)
        return inside(self.path, older if is_older else folder)

    def fold_is_done(self, fold: str, seed: int) -> bool:
        return (self.fold(fold, seed) / "done").is_file()

    @property
    def is_done(self) -> bool:
        """True once the metrics and the model stand: both are written after the last fold."""
        return (self.path / "metrics.json").is_file() and (self.model / "manifest.json").is_file()

    @property
    def model(self) -> Path:
        return self.path / "model"

    def metrics(self) -> dict:
        return read_json(self.path / "metrics.json")

    def facts(self) -> dict:
        return read_json(self.path / "facts.json")

    def predictions(self) -> pd.DataFrame:
        """Return the predictions of every finished fold and seed, in a fixed order."""
        files = sorted(self.path.glob("folds/*/predictions.parquet"))
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)

    def forgetting(self) -> pd.DataFrame | None:
        """Return the source's scores before and after tuning, two rows a fold and seed; `None` if it was not probed."""
        files = sorted(self.path.glob(f"folds/*/{FORGETTING}"))
        return pd.concat(map(pd.read_csv, files), ignore_index=True) if files else None

    def finish_fold(self, fold: str, seed: int, predictions: pd.DataFrame, history: pd.DataFrame) -> None:
        """Write a fold's results; `done` comes last, when all else is on the disk: a fold is finished or not there."""
        folder = self.fold(fold, seed)
        write_atomically(folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))
        write_atomically(folder / "history.csv", lambda path: history.to_csv(path, index=False))
        write_text(folder / "done", now() + "\n")

    def log(self, message: str) -> None:
        """Append one line with the time in UTC."""
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / "log.txt", "a", encoding="utf-8") as file:
            file.write(f"{now()} {message}\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process, so that two processes never train one fold.

        Raises:
            UserError: if the folder cannot be written to, or another process holds it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
        except PermissionError as error:
            raise UserError(
                "The run folder cannot be written to.",
                rule="A run keeps its results there.",
                received=self.path,
                todo="Change its permissions, or name another place with --workspace.",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise UserError(
                "Another process is working on this run.",
                rule="One process a run.",
                received=self.path,
                todo="Wait for it; then this command shows the result.",
            ) from error
        try:
            self._remove_leftovers()
            yield
        finally:
            os.close(handle)

    def _remove_leftovers(self) -> None:
        """Remove what a killed process had not finished writing: a checkpoint or model takes as much space again."""
        for path in [*self.path.rglob(f"{TEMPORARY}*"), *self.path.rglob(".replaced-*")]:
            if path.is_dir() and not path.is_symlink():
                remove_folder(self.path, path)
            else:
                path.unlink(missing_ok=True)


def environment() -> dict:
    """Return versions, machine and commit as JSON types."""
    return {
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in REPORTED_PACKAGES},
        "machine": {"system": platform.platform(), "processor": processor_name(), "cores": os.cpu_count()},
        "commit": project_commit(),
        "written": now(),
    }


def write_environment(folder: RunFolder) -> None:
    """Record versions, machine and commit in `environment.json`."""
    write_json(folder.path / "environment.json", environment())


def processor_name() -> str:
    """Return the processor's name as the system states it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def project_commit() -> str:
    """Return the commit of the checkout that this package runs from, or `not a checkout`."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return "git is not installed"
    return result.stdout.strip() or "not a checkout"


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
