"""Whether what a report shows was declared before it was run, and was run as it was declared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.record import is_time, read_record
from transferpain.data.places import Places
from transferpain.experiments.matrix.run import LoadedMatrix, load, record_of
from transferpain.experiments.registration import (
    FILE,
    NOT_HERE,
    Registered,
    Registration,
    describe_experiments,
    differences,
    read_registration,
    write_registration,
)
from transferpain.experiments.run_folder import FORMER, RunFolder
from transferpain.experiments.schema import read_values
from transferpain.experiments.study import Batch, check_batch, load_batch
from transferpain.reports.matrix.declared_tests import adapted_pairs, crossed_pairs, gap_pairs, source_pairs


def describe_batch(batch: Batch) -> dict[str, Any]:
    """Return what is declared in an experiment or a study, as JSON types."""
    return {
        "kind": "study" if len(batch.experiments) > 1 or batch.comparisons else "experiment",
        "name": batch.name,
        "question": batch.question,
        "comparisons": [f"{pair.better} - {pair.worse}, {pair.metric}" for pair in batch.comparisons],
        **({"confirmation_seeds": list(batch.confirmation_seeds)} if batch.confirmation_seeds else {}),
        **describe_experiments(batch.experiments, batch.folder, batch.places, batch.twins),
    }


def describe_matrix(loaded: LoadedMatrix) -> dict[str, Any]:
    """Return what is declared in a matrix, as JSON types: its cells, its metric, and its families of comparisons."""
    matrix = loaded.matrix
    records = [record_of(cell, (), "", "") for cell in loaded.cells]
    pairs = {
        "transfer": source_pairs(matrix, records)[1],
        "cross_dataset": crossed_pairs(records),
        "gaps": gap_pairs(records),
        "adapted": adapted_pairs(records),
    }
    experiments = [part for cell in loaded.cells for part in cell.parts]
    return {
        "kind": "matrix",
        "name": matrix.matrix,
        "question": matrix.question,
        "metric": matrix.metric,
        "families": {
            name: [f"{pair.a.name} - {pair.b.name if pair.b else 'draws from the training shares'}" for pair in family]
            for name, family in pairs.items()
        },
        **describe_experiments(experiments, loaded.folder, loaded.places, matrix.twins),
    }


def register_file(
    path: Path, places: Places, assignments: list[str], out: Path | None
) -> tuple[Path, Registration, list[str]]:
    """Register an experiment, a study or a matrix; returns the file, what it holds, and data that are not here.

    Args:
        path, places, assignments: as `load_batch` takes them.
        out: the file; `None`: beside the report that will be written.

    Raises:
        UserError: as `load_batch`, `check_batch`, `load` and `write_registration`.
    """
    if "matrix" in read_values(path):
        loaded = load(path, places, assignments, [])
        content, report = describe_matrix(loaded), loaded.places.reports / loaded.report
    else:
        batch = load_batch(path, places, assignments)
        check_batch(batch)
        content, report = describe_batch(batch), batch.places.reports / batch.report
    file = out or report / FILE
    registration = write_registration(file, content)
    return file, registration, [name for name, found in content["data"].items() if found == NOT_HERE]


def state_of(file: Path, content: dict[str, Any], runs: Sequence[RunFolder]) -> Registered:
    """Compare what a file registers with what was run.

    Args:
        file: a registration.
        content: what is declared now, as `describe_batch` or `describe_matrix`.
        runs: the runs of the report.
    """
    try:
        registration = read_registration(file)
    except UserError as error:
        return Registered(fault=str(error).splitlines()[0])
    return Registered(
        digest=registration.digest,
        date=registration.date,
        differences=tuple(differences(registration.content, content)),
        begun_before=tuple(run.path.name for run in runs if begun(run) < registration.date),
    )


def begun(run: RunFolder) -> str:
    """Return when a run was begun, in UTC; "" where a log tells no time, which is before every date.

    A log that was lost is begun anew, and what was put aside has one of its own; so the earliest of all that a run's
    folder states counts: its logs, and when each of its folds was finished.
    """
    folders = [run.path, *run.path.glob(f"{FORMER}*")]
    firsts = [_text(one / "log.txt").partition(" ")[0] for one in folders]
    times = [first if is_time(first) else "" for first in firsts]
    return min([*times, *(time for one in folders for time in finished_folds(one))])


def finished_folds(run: Path) -> list[str]:
    """Return when each fold in a run's folder was finished, of those that say so."""
    times = []
    for path in run.glob("folds/*/done"):
        try:
            record = read_record(path.parent)
        except (OSError, UserError):
            continue
        times.append(str(record.get("finished")) if record else _text(path).strip())
    return [time for time in times if is_time(time)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
