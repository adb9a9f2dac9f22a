"""The run folder: what an experiment leaves behind, and how it is found again.

runs/<name>-<hash>/
    experiment.yaml      the experiment with every default filled in
    facts.json           what it was computed from: index, source, detector, compute dtype, synthetic or not
    environment.json     versions, machine, commit
    cost.json            seconds, sessions, clips embedded and clips found in the cache
    transferability.json how well the source should transfer, where a head is trained on its features
    log.txt              what happened when
    unusable.csv         clips that could not be used, and why
    folds/<fold>-seed<seed>/predictions.parquet, history.csv, fitted.json, done; linear_probe.parquet and .json beside a
        head on frozen features, candidates.csv with nested selection, forgetting.csv where the source was probed,
        three-models.json of the strategy `hybrid`;
        <fold> as `name_in_path` writes it, the fold's own name is a column of the predictions
    former-<number>/     the same of an unfinished run whose faces another version of the detector had found
    metrics.json         derived from the predictions, never written by hand
    model/               the best model, as a bundle
"""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Part
from transferpain.core.errors import UserError
from transferpain.core.schema import read_stamped
from transferpain.core.store import (
    TEMPORARY,
    inside,
    name_in_path,
    one_process,
    remove_folder,
    sync_folder,
    write_atomically,
    write_text,
)
from transferpain.evaluation.predictions import PROBES

LOCK = ".lock"
FORMER = "former-"


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
        return read_stamped(self.path / "metrics.json")

    def facts(self) -> dict:
        return read_stamped(self.path / "facts.json")

    def predictions(self, part: Part = "test") -> pd.DataFrame:
        """Return the predictions of one part of every finished fold and seed, in a fixed order.

        Tables of former versions have no column `part`; all their rows are tested.
        """
        files = sorted(self.path.glob("folds/*/predictions.parquet"))
        tables = [pd.read_parquet(file) for file in files]
        tables = [table if "part" in table else table.assign(part="test") for table in tables]
        rows = pd.concat(tables, ignore_index=True)
        return rows[rows["part"] == part].reset_index(drop=True)

    def probe_predictions(self) -> dict[str, pd.DataFrame]:
        """Return the test predictions of each linear probe, as `predictions` has those of the head.

        None without frozen features, and none where a fold that was made by a former version has none.
        """
        files = [path.with_name(PROBES) for path in sorted(self.path.glob("folds/*/predictions.parquet"))]
        if not all(file.is_file() for file in files):
            return {}
        rows = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
        rows = rows[rows["part"] == "test"]
        return {str(name): table.reset_index(drop=True) for name, table in rows.groupby("probe", sort=False)}

    def finish_fold(self, fold: str, seed: int, predictions: pd.DataFrame, history: pd.DataFrame) -> None:
        """Write a fold's results; `done` comes last, when all else is on the disk: a fold is finished or not there."""
        folder = self.fold(fold, seed)
        write_atomically(folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))
        write_atomically(folder / "history.csv", lambda path: history.to_csv(path, index=False))
        write_text(folder / "done", now() + "\n")

    def put_aside(self) -> Path:
        """Move all that a locked run holds into `former-<number>/` below it, and return that folder."""
        number = next(number for number in count(1) if not (self.path / f"{FORMER}{number}").exists())
        aside = self.path / f"{FORMER}{number}"
        aside.mkdir()
        for path in sorted(self.path.iterdir()):
            if path.name != LOCK and not path.name.startswith(FORMER):
                path.rename(aside / path.name)
        sync_folder(aside)
        sync_folder(self.path)
        return aside

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
        with ExitStack() as alone:
            try:
                alone.enter_context(one_process(self.path / LOCK, self._refuse))
            except PermissionError as error:
                raise UserError(
                    "The run folder cannot be written to.",
                    rule="A run keeps its results there.",
                    received=self.path,
                    todo="Change its permissions, or name another place with --workspace.",
                ) from error
            self._remove_leftovers()
            yield

    def _refuse(self) -> None:
        raise UserError(
            "Another process is working on this run.",
            rule="One process per run.",
            received=self.path,
            todo="Wait for it; then this command shows the result.",
        )

    def _remove_leftovers(self) -> None:
        """Remove what a killed process had not finished writing: a checkpoint or model takes as much space again."""
        for path in [*self.path.rglob(f"{TEMPORARY}*"), *self.path.rglob(".replaced-*")]:
            if path.is_dir() and not path.is_symlink():
                remove_folder(self.path, path)
            else:
                path.unlink(missing_ok=True)


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
