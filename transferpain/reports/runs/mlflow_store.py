"""A store of MLflow, a folder or a file of SQLite, and how a run is entered into it: whole, or not at all."""

import logging
import os
import re
import shutil
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from transferpain.core.errors import UserError
from transferpain.core.foreign import reason_of
from transferpain.core.paths import name_in_path
from transferpain.core.progress import note
from transferpain.core.store import one_process

# Of MLflow 3; a longer value is cut, and stands whole in experiment.yaml.
LONGEST_KEY, LONGEST_VALUE, LONGEST_TAG = 250, 6000, 5000
MOST_AT_ONCE = 100  # parameters
MOST_POINTS_AT_ONCE = 1000
CUT = " ... (cut)"
UNKNOWN_LETTER = re.compile(r"[^A-Za-z0-9_.\- :]")
SQLITE = b"SQLite format 3\x00"
DATABASES = (".db", ".sqlite", ".sqlite3")
DIGEST = "transferpain.digest"
FILES = ".files"  # behind the name of a database: the folder of its runs' files
BESIDE = ("-journal", "-wal", "-shm", FILES)
# No word to MLflow's makers; folders are stores still, but have to be asked for.
VARIABLES = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}


@dataclass(frozen=True)
class Store:
    """Where a store stands.

    Attributes:
        place: the folder, or the file of SQLite.
        uri: as MLflow calls it.
        is_database: whether it is a file of SQLite.
    """

    place: Path
    uri: str
    is_database: bool

    @property
    def variables(self) -> str:
        """What stands before a command of MLflow that is to read it."""
        return "" if self.is_database else "MLFLOW_ALLOW_FILE_STORE=true "


@dataclass(frozen=True)
class Curve:
    """A metric over the steps of a training: `(step, value)` each, values finite."""

    name: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Entry:
    """What is written of a run.

    Attributes:
        experiment: the name of MLflow's experiment: what stands in one, MLflow shows in one table.
        name: of the run.
        digest: of what it computed: a run is entered once.
        files: a folder whose files are copied.
        begun, finished: in milliseconds since 1970.
    """

    experiment: str
    name: str
    digest: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Sequence[Curve]
    tags: Mapping[str, str]
    files: Path
    begun: int
    finished: int


def find_store(text: str) -> Store:
    """Return the store that a user names; nothing is made or written.

    Args:
        text: a folder, or a file of SQLite: `mlflow.db`, `sqlite:///mlflow.db`.

    Raises:
        UserError: if it is neither, holds what is not MLflow's, or cannot be written.
    """
    scheme, named, rest = text.partition("://")
    if (named and scheme not in ("sqlite", "file")) or "?" in text or not text.strip():
        raise _no_store(text, "it is elsewhere" if named and "?" not in text else "no path")
    is_database = scheme == "sqlite" if named else Path(text).suffix.lower() in DATABASES
    # `sqlite:///a.db` is beside us, `sqlite:////a.db` is not; of `file:///a` the path is all of it.
    path = rest.removeprefix("/") if scheme == "sqlite" else unquote(urlparse(text).path) if named else text
    place = Path(os.path.abspath(path))
    _check_place(place, is_database)
    uri = f"sqlite:///{place}" if is_database else place.as_uri()
    return Store(place, uri, is_database)


def _check_place(place: Path, is_database: bool) -> None:
    if place.exists() and place.is_dir() == is_database:
        raise _no_store(place, "a folder" if is_database else "a file that is not called .db")
    beside = place if place.is_dir() else next(folder for folder in place.parents if folder.exists())
    if not beside.is_dir():
        raise _no_store(place, f"a place below the file {beside}")
    if not os.access(beside, os.W_OK | os.X_OK) or (place.is_file() and not _writable(place)):
        raise UserError(
            f"The store {place} cannot be written.",
            rule="MLflow's store is a folder, or a file of SQLite in a folder, that you may write to.",
            received=f"no permission for {place if place.is_file() else beside}",
            todo="Change its permissions, or name another place with --to. Nothing was written.",
        )
    if is_database and place.is_file() and place.stat().st_size:
        _check_database(place)
    if not is_database and place.is_dir():
        names = [path.name for path in place.iterdir()]
        if names and ".trash" not in names and not any(place.glob("*/meta.yaml")):
            raise _no_store(place, f"a folder of other things: {', '.join(sorted(names)[:3])}")


def _writable(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def _check_database(place: Path) -> None:
    """Refuse what is no file of SQLite, or one that is not MLflow's: its tables would be written into it."""
    with open(place, "rb") as file:
        if file.read(len(SQLITE)) != SQLITE:
            raise _no_store(place, "a file that is not of SQLite")
    try:
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error as error:
        raise _no_store(place, f"a damaged file: {reason_of(error)}") from error
    if tables and not {"experiments", "alembic_version"} <= tables:
        raise _no_store(place, f"the tables {', '.join(sorted(tables)[:3])}, which are not MLflow's")


def _no_store(received: object, why: str) -> UserError:
    return UserError(
        "That is no store of MLflow that a run can be exported to.",
        rule="It is a folder of MLflow's or an empty one, or a file of SQLite: mlflow.db, or sqlite:///mlflow.db.",
        received=f"{received}: {why}",
        todo="Name another place with --to. Nothing was written.",
    )


def write_entry(store: Store, entry: Entry) -> tuple[str, bool]:
    """Write a run into a store, unless it is there: what fails half-way is taken out again.

    Returns:
        The run's number in the store, and whether it was written now.

    Raises:
        UserError: if the store cannot be written.
    """
    waiting = partial(note, f"Another process writes into {store.place}; waiting for it.")
    with one_process(_beside(store, ".lock"), waiting), _quiet_mlflow(), _whole(store):
        from mlflow.tracking import MlflowClient

        client = MlflowClient(tracking_uri=store.uri)
        experiment = _experiment(client, store, entry.experiment)
        for run in client.search_runs([experiment], f"tags.`{DIGEST}` = '{entry.digest}'"):
            if run.info.status == "FINISHED":
                return run.info.run_id, False
            client.delete_run(run.info.run_id)  # what a killed export had begun
        tags = {key: shortened(value, LONGEST_TAG) for key, value in entry.tags.items()}
        tags |= {DIGEST: entry.digest, "transferpain.run": entry.name}
        run = client.create_run(experiment, start_time=entry.begun, tags=tags, run_name=entry.name)
        number = run.info.run_id
        try:
            _fill(client, number, entry)
            client.set_terminated(number, "FINISHED", end_time=entry.finished)
        except BaseException:
            with suppress(Exception):
                client.delete_run(number)
                shutil.rmtree(unquote(urlparse(run.info.artifact_uri).path), ignore_errors=True)
            raise
    return number, True


def _experiment(client: Any, store: Store, name: str) -> str:
    """Return the number of the experiment of that name, made where it is missing."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        if found.lifecycle_stage != "active":
            raise UserError(
                f"The experiment {name} was deleted in {store.place}.",
                rule="MLflow keeps deleted experiments, and their names.",
                todo="Restore it with `mlflow experiments restore`, or name another store with --to.",
            )
        return found.experiment_id
    # A database names a folder for files; else it would be one where the command is given.
    beside = _beside(store, FILES) / name_in_path(name) if store.is_database else None
    return client.create_experiment(name, None if beside is None else beside.as_uri())


def _fill(client: Any, number: str, entry: Entry) -> None:
    from mlflow.entities import Metric, Param

    parameters = [
        Param(key, shortened(value, LONGEST_VALUE)) for key, value in in_store(entry.parameters).items() if value
    ]
    for start in range(0, len(parameters), MOST_AT_ONCE):
        client.log_batch(number, params=parameters[start : start + MOST_AT_ONCE])
    metrics = [Metric(key, value, entry.finished, 0) for key, value in in_store(entry.metrics).items()]
    curves = in_store({curve.name: curve.points for curve in entry.curves})
    metrics += [Metric(key, value, entry.finished, step) for key, points in curves.items() for step, value in points]
    for start in range(0, len(metrics), MOST_POINTS_AT_ONCE):
        client.log_batch(number, metrics=metrics[start : start + MOST_POINTS_AT_ONCE])
    client.log_artifacts(number, str(entry.files))


def in_store(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by names that MLflow takes; different names stay different."""
    return {name_in_store(name): value for name, value in named.items()}


def name_in_store(text: str) -> str:
    """Return a name as MLflow takes it: of others the unknown letters are `_`, and a short digest stands behind."""
    name = UNKNOWN_LETTER.sub("_", text)
    if name == text and 0 < len(text) <= LONGEST_KEY and set(text) - {".", " "}:
        return text
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{name[: LONGEST_KEY - len(digest) - 1]}_{digest}"


def shortened(text: str, longest: int) -> str:
    """Return a text of at most so many letters."""
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT


@contextmanager
def _quiet_mlflow() -> Iterator[None]:
    """Keep MLflow's messages to itself, and tell its makers nothing."""
    os.environ.update(VARIABLES)
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        for logger in loggers:
            logger.setLevel(logging.ERROR)


@contextmanager
def _whole(store: Store) -> Iterator[None]:
    """Turn whatever MLflow raises into a message; a store that was begun now goes again."""
    new = [] if store.place.exists() else [path for path in _paths(store) if not path.exists()]
    try:
        yield
    except BaseException as error:
        for path in new:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if isinstance(error, UserError) or not isinstance(error, Exception):
            raise
        raise UserError(
            f"The store {store.place} cannot be written.",
            rule="MLflow writes it, and takes runs of its own version.",
            received=reason_of(error),
            todo="Mend what it says, or name another place with --to. Nothing of the run is in it.",
        ) from error


def _paths(store: Store) -> list[Path]:
    """Return what a store may be made of."""
    return [_beside(store, ending) for ending in ("", *(BESIDE if store.is_database else ()))]


def _beside(store: Store, ending: str) -> Path:
    return store.place.with_name(store.place.name + ending)
