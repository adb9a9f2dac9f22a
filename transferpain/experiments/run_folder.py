"""The run folder: what an experiment leaves behind, and how it is found again.

runs/<name>-<hash>/
    experiment.yaml      the experiment with every default filled in
    facts.json           what it was computed from: index, source, detector, compute dtype, synthetic or not
    environment.json     versions, machine, commit
    cost.json            seconds, sessions, clips embedded and clips found in the cache
    transferability.json how well the source should transfer, where a head is trained on its features
    log.txt              what happened when
    unusable.csv         clips that could not be used, and why
    folds/<fold>-seed<seed>/predictions.parquet, history.csv, fitted.json; linear_probe.parquet and .json beside a head
        on frozen features, candidates.csv with nested selection, forgetting.csv where the source was probed, units.json
        and .parquet of action units beside pain, three-models.json of the strategy `hybrid`; done, the size and SHA-256
        of each; <fold> as `name_in_path` writes it, the fold's own name is a column of the predictions
    former-<number>/     the same of an unfinished run whose faces another version of the detector had found
    metrics.json         derived from the predictions, never written by hand
    model/               the best model, as a bundle
    done                 the size and SHA-256 of the files above but the log and the cost, and which folds there are
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Part
from transferpain.core.csv_file import write_csv
from transferpain.core.errors import DamagedFile, InUse, UserError
from transferpain.core.paths import everything_below, inside, name_in_path
from transferpain.core.record import (
    DONE,
    contents_of,
    fault_of,
    foreign,
    hash_now,
    is_former,
    now,
    read_record,
    write_record,
)
from transferpain.core.store import (
    TEMPORARY,
    make_way,
    one_process,
    open_to_write,
    remove_folder,
    sync_folder,
    write_atomically,
)
from transferpain.evaluation.predictions import PROBES, fault_of_kinds
from transferpain.strategies.common.finished import fold_folders
from transferpain.strategies.common.stated import Environment, Facts, Metrics, Stated, first_line, read_stated

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
        """Tell whether a fold was finished, and each of its files is what was written then."""
        return self.fold_fault(fold, seed) == ""

    def fold_fault(self, fold: str, seed: int) -> str | None:
        """Return what is wrong with a finished fold, "" where nothing is; `None` if it was never finished.

        The results of another run, or of another fold, are wrong, whole as they may be.
        """
        return fault_of_fold(self.fold(fold, seed), self.path.name)

    @property
    def is_done(self) -> bool:
        """True if the run was finished, and all but its log is what was written then."""
        return self.fault() == ""

    def fault(self) -> str | None:
        """Return what is wrong with a finished run, "" where nothing is; `None` if it was never finished.

        Of a model only the manifest is looked at, which tells the rest: whoever loads the model compares that.

        Raises:
            UserError: if a later version wrote it, or a link leads out of it.
        """
        try:
            record = read_record(self.path)
            if record is None:
                return self._fault_of_former()
            return fault_of(self.path, record) or self._fault_of_folds(record.get("folds", []), record.get("run", ""))
        except (OSError, DamagedFile) as error:
            return first_line(error)

    @property
    def is_sealed(self) -> bool:
        """True if the run is finished, and states the bytes of its files: those of former versions do not."""
        return (self.path / DONE).is_file() and self.is_done

    def check(self) -> None:
        """Refuse to read what is damaged; of a run that does not state its own bytes, its folds' are compared.

        Raises:
            UserError: if a file is not what was written.
        """
        fault = self.fault()
        if fault is None:
            faults = {folder.name: fault_of_fold(folder) for folder in self._folders(None)}
            fault = next((f"{name}: {how}" for name, how in faults.items() if how), "")
        if fault:
            raise damaged(self.path, fault)

    def digest(self) -> str:
        """Return a SHA-256 over the predictions, those of linear probes too, the leakage checks and the facts."""
        folders = fold_folders(self.path)
        files = [folder / name for folder in folders for name in ("predictions.parquet", PROBES)]
        files += [self.path / name for name in ("experiment.yaml", "facts.json", "environment.json", "leakage.json")]
        stated = {path.relative_to(self.path).as_posix(): hash_now(path) for path in files if path.is_file()}
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()

    def _fault_of_folds(self, folds: Sequence[str] | Mapping[str, str], run: str = "") -> str:
        if not isinstance(folds, list | Mapping):
            return f"done: its folds are neither a list nor a table: {folds!r:.40}"
        for name in map(str, folds):
            folder = inside(self.path, self.path / "folds" / name)
            fault = fault_of_fold(folder, run)
            if fault != "":
                return f"{name}: {fault or 'its results are gone'}"
            if isinstance(folds, Mapping) and contents_of(read_record(folder) or {"files": None}) != folds[name]:
                return f"{name}: its results are not those that the run was finished with"
        return ""

    def _fault_of_former(self) -> str | None:
        """Return the same of a run of a former version, which kept no sizes: its files can be read, or cannot."""
        if not ((self.path / "metrics.json").is_file() and (self.model / "manifest.json").is_file()):
            return None
        folders = fold_folders(self.path)
        if not folders or not all(map(is_former, folders)):
            return None
        self.metrics(), self.facts()
        return self._fault_of_folds([folder.name for folder in folders])

    def finish(self, names: Iterable[str], folds: Iterable[Path]) -> None:
        """Write `done` of the run over files that stand in it and the folders of its folds: it is finished then."""
        names = [*names, self.model.joinpath("manifest.json").relative_to(self.path).as_posix()]
        records = {folder.name: read_record(folder) for folder in sorted(folds)}
        stated = {name: contents_of(record) for name, record in records.items() if record}
        # Folds of former versions state no files.
        write_record(self.path, names, folds=stated if len(stated) == len(records) else [*records], run=self.path.name)

    @property
    def stated_name(self) -> str:
        """The name of the finished run in the folder; the folder's own where nothing states one."""
        try:
            record = read_record(self.path)
        except (OSError, DamagedFile):
            record = None
        return str((record or {}).get("run", self.path.name))

    def check_own(self) -> None:
        """Refuse a folder that holds the finished run of another name: that one's results would be taken for its own.

        Raises:
            UserError: if it does, or if a later version wrote it.
        """
        whose = self.stated_name
        if whose != self.path.name:
            raise UserError(
                f"The folder {self.path} holds the run {whose}.",
                rule="A run stands in the folder that is named after its experiment, its data and its source.",
                received=f"`done` of {whose}",
                todo=f"Rename the folder to {whose}, or move it out of {self.path.parent}; then this run is computed.",
            )

    @property
    def model(self) -> Path:
        return self.path / "model"

    def metrics(self) -> dict:
        return read_stated(self.path / "metrics.json", Metrics)

    def facts(self, schema: type[Stated] = Facts) -> dict:
        return read_stated(self.path / "facts.json", schema)

    def environment(self) -> dict:
        return read_stated(self.path / "environment.json", Environment)

    def predictions(self, part: Part = "test", folds: Sequence[Path] | None = None) -> pd.DataFrame:
        """Return the predictions of one part of every fold and seed, in a fixed order.

        Tables of former versions have no column `part`; all their rows are tested.

        Args:
            folds: the folders of the folds, where it is known which there must be; else those that the run names.

        Raises:
            UserError: if the table of a fold is not there or cannot be read, or is another fold's.
        """
        rows = self._read(self._folders(folds), "predictions.parquet")
        rows = rows if "part" in rows else rows.assign(part="test")
        return rows[rows["part"].fillna("test") == part].reset_index(drop=True)

    def probe_predictions(self, folds: Sequence[Path] | None = None) -> dict[str, pd.DataFrame]:
        """Return the test predictions of each linear probe, as `predictions` has those of the head.

        None without frozen features, and none where a fold that was made by a former version has none.
        """
        folders = self._folders(folds)
        if not all((folder / PROBES).is_file() for folder in folders):
            return {}
        rows = self._read(folders, PROBES)
        rows = rows[rows["part"] == "test"]
        return {str(name): table.reset_index(drop=True) for name, table in rows.groupby("probe", sort=False)}

    def histories(self) -> dict[str, pd.DataFrame]:
        """Return fold folder -> one row per epoch, in a fixed order.

        Raises:
            UserError: as `predictions`.
        """
        return {folder.name: read_history(folder) for folder in self._folders(None)}

    def _folders(self, folds: Sequence[Path] | None) -> list[Path]:
        return fold_folders(self.path) if folds is None else sorted(folds)

    def _read(self, folders: Sequence[Path], name: str) -> pd.DataFrame:
        if not folders:
            raise damaged(self.path, "it has no fold")
        return pd.concat([read_table(folder, name) for folder in folders], ignore_index=True)

    def finish_fold(
        self,
        fold: str,
        seed: int,
        predictions: pd.DataFrame,
        history: pd.DataFrame,
        others: Iterable[str] = (),
        makers: Mapping[str, str] | None = None,
    ) -> None:
        """Write a fold's results; `done` comes last, when all else is on the disk: a fold is finished or not there.

        Args:
            others: names of files that the fold keeps besides, and that are on the disk.
            makers: what found the faces and meshes that it learned from.
        """
        folder = self.fold(fold, seed)
        write_atomically(folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))
        write_csv(folder / "history.csv", history)
        names = ["predictions.parquet", "history.csv", *others]
        write_record(folder, names, makers=dict(makers or {}), of=f"{self.path.name}/{folder.name}")

    def makers(self) -> dict[str, str]:
        """Return what found the faces and meshes of a finished fold; nothing where no fold says so."""
        for folder in sorted(self.path.glob("folds/*")):
            try:
                record = read_record(folder)
            except (OSError, UserError):
                continue
            if record and foreign(record, folder, self.path.name):
                continue
            if record and isinstance(stated := record.get("makers"), dict) and stated:
                return {str(key): str(maker) for key, maker in stated.items()}
        return {}

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
        make_way(self.path / "log.txt")
        with open_to_write(self.path / "log.txt", "a") as file:
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
        raise InUse(
            "Another process is working on this run.",
            rule="One process per run.",
            received=self.path,
            todo="Wait for it; then this command shows the result.",
        )

    def _remove_leftovers(self) -> None:
        """Remove what a killed process had not finished writing: a checkpoint or model takes as much space again."""
        for path in list(everything_below(self.path)):
            if not path.name.startswith((TEMPORARY, ".replaced-")):
                continue
            if path.is_dir() and not path.is_symlink():
                remove_folder(self.path, path)
            else:
                path.unlink(missing_ok=True)


def fault_of_fold(folder: Path, run: str = "") -> str | None:
    """Return what is wrong with the folder of a finished fold, "" where nothing is; `None` if it was never finished.

    Args:
        run: the name of the run that it must be of; whose it is does not matter where that is empty.

    Raises:
        UserError: if a later version wrote it.
    """
    try:
        record = read_record(folder)
        if record is not None:
            whose = foreign(record, folder, run)
            return f"they are {whose}" if whose else fault_of(folder, record)
        if not is_former(folder):
            return None
        read_table(folder, "predictions.parquet"), read_history(folder)
    except (OSError, DamagedFile) as error:
        return first_line(error)
    return ""


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """Read a table of predictions of a fold's folder.

    Raises:
        UserError: if it is not there, cannot be read, or holds another fold's rows.
    """
    try:
        table = pd.read_parquet(folder / name)
    except Exception as error:  # whatever a reader says of damaged bytes
        raise damaged(folder, f"{name} cannot be read") from error
    if fault := fault_of_kinds(table):
        raise damaged(folder, f"{name}: {fault}")
    if {"fold", "seed"} <= set(table) and not table.empty:
        pairs = list(table[["fold", "seed"]].drop_duplicates().itertuples(index=False, name=None))
        names = {f"{form(str(fold))}-seed{seed}" for fold, seed in pairs for form in (name_in_path, str)}
        if folder.name not in names or len(pairs) > 1:
            raise damaged(folder, f"{name} is that of another fold")
    return table


def read_history(folder: Path) -> pd.DataFrame:
    """Read the learning curve of a fold's folder. Raises `UserError` if it is not there or cannot be read."""
    try:
        history = pd.read_csv(folder / "history.csv")
        history["val_loss"].astype(float)
    except Exception as error:
        raise damaged(folder, "history.csv cannot be read") from error
    return history


def damaged(folder: Path, how: object) -> DamagedFile:
    """Return the error of results that cannot be used."""
    return DamagedFile(
        f"The results in {folder} are damaged: {how}.",
        rule="A report is made of what a run has written, all of it.",
        todo="Run its experiment again: what is damaged is computed anew, and all else is kept.",
    )
