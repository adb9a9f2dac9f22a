"""The whole way from a matrix file to its report and to results on the screen."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from transferpain.data.places import Places
from transferpain.experiments.executors.base import HERE, Computing
from transferpain.experiments.matrix.cells import CellRecord
from transferpain.experiments.matrix.run import LoadedMatrix, load, run_cells
from transferpain.experiments.registration import registration_of
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.inputs import PAGE, note_changed, stands
from transferpain.reports.matrix import parts
from transferpain.reports.screen import COLUMNS as RUN_COLUMNS
from transferpain.reports.screen import Result, missing_score_lines, probe_score_rows, score_row, synthetic_mark

COLUMNS = ["cell", "state", *RUN_COLUMNS[1:]]


def run_matrix(
    path: Path,
    places: Places,
    assignments: list[str],
    where: list[str],
    by: Computing = HERE,
    registration: Path | None = None,
) -> Result:
    """Compute the chosen cells that are not finished, write the report of all cells, and return its table.

    A cell that fails, or whose process is killed, does not stop the others.

    Args:
        by: where cells are computed.
        registration: the file that registers it; `None`: the one beside the report, if there is one.

    Raises:
        UserError: if a cell is impossible: it is named before anything runs.
    """
    loaded = load(path, places, assignments, where)
    registration = registration_of(loaded.places.reports, (loaded.report, loaded.matrix.matrix), registration)
    records, runs = run_cells(loaded, by)
    page = report_matrix(loaded, records, registration)
    done = [record.name for record in records if record.state == "done"]
    scores = {name: parts.scores(runs[name]) for name in done}
    folders = [run for name in done for run in runs[name]]
    rows = [row for record in records if record.state != "open" for row in result_rows(record, scores.get(record.name))]
    troubles = [f"{record.state}: {record.name}: {record.reason}" for record in records if record.reason]
    notes = [*missing_score_lines(scores.items()), *troubles, f"report: {page}"]
    return Result(loaded.matrix.title + synthetic_mark(folders), COLUMNS, rows, notes)


def report_matrix(loaded: LoadedMatrix, records: list[CellRecord], registration: Path | None = None) -> Path:
    """Write the report unless it is there for these very records; returns the page.

    Args:
        registration: the file that registers the matrix, if any.
    """
    registered = None
    runs = [RunFolder(loaded.places.runs / run) for record in records for run in record.runs]
    if registration is not None:
        from transferpain.reports.registered import describe_matrix, state_of

        registered = state_of(registration, describe_matrix(loaded), runs)
    folder = loaded.places.reports / loaded.report
    content = {"cells": [asdict(record) for record in records], "matrix": loaded.matrix.model_dump(mode="json")}
    # A run that was computed again has the name that it had.
    content["digests"] = [run.digest() for run in runs]
    content |= {"registered": asdict(registered)} if registered else {}
    if stands(folder, content):
        return folder / PAGE
    note_changed(folder)
    # Only now: whoever asks again for a report that stands waits for nothing that draws it.
    from transferpain.reports.matrix.report import write_matrix_report

    return write_matrix_report(loaded.matrix, records, loaded.places, registered, content, loaded.report)


def result_rows(record: CellRecord, scores: dict[str, Any] | None) -> list[list[str]]:
    """Return a cell's rows of the result table: its state and what a study shows of a run, and its linear probes."""
    if scores is None:
        return [[record.name, record.state, *["-"] * (len(COLUMNS) - 2)]]
    probes = [[name, "", *row] for name, *row in probe_score_rows(scores)]
    return [[record.name, record.state, *score_row(record.name, scores)[1:]], *probes]
