"""The whole way from a matrix file to its report and to results on the screen."""

from dataclasses import asdict
from pathlib import Path

from transferpain.core.schema import stamp
from transferpain.core.store import read_json, write_json
from transferpain.data.places import Places
from transferpain.experiments.matrix.cells import CellRecord, write_records
from transferpain.experiments.matrix.run import LoadedMatrix, load, run_cells
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.screen import COLUMNS as RUN_COLUMNS
from transferpain.reports.screen import Result, synthetic_mark, table_row

COLUMNS = ["cell", "state", *RUN_COLUMNS[1:]]


def run_matrix(path: Path, places: Places, assignments: list[str], where: list[str], jobs: int) -> Result:
    """Compute the chosen cells that are not finished, write the report of all cells, and return its table.

    Sources are trained first, one after another, as each uses the whole machine. A cell that fails, or whose process
    is killed, does not stop the others.

    Args:
        jobs: processes at a time.

    Raises:
        UserError: if a cell is impossible: it is named before anything runs.
    """
    loaded = load(path, places, assignments, where)
    records, runs = run_cells(loaded, jobs)
    page = report_matrix(loaded, records)
    folders = [runs[record.name] for record in records if record.state == "done"]
    rows = [result_row(record, runs.get(record.name)) for record in records if record.state != "open"]
    troubles = [f"{record.state}: {record.name}: {record.reason}" for record in records if record.reason]
    return Result(loaded.matrix.title + synthetic_mark(folders), COLUMNS, rows, [*troubles, f"report: {page}"])


def report_matrix(loaded: LoadedMatrix, records: list[CellRecord]) -> Path:
    """Write the report unless it is there for these very records; returns the page."""
    folder = loaded.places.reports / loaded.matrix.matrix
    page, inputs = folder / "index.html", folder / "inputs.json"
    content = stamp({"cells": [asdict(record) for record in records], "matrix": loaded.matrix.model_dump(mode="json")})
    if page.is_file() and inputs.is_file() and read_json(inputs) == content:
        return page
    # Only now: whoever asks again for a report that stands waits for nothing that draws it.
    from transferpain.reports.matrix.report import write_matrix_report

    write_records(folder, records)
    page = write_matrix_report(loaded.matrix, records, loaded.places)
    write_json(inputs, content)
    return page


def result_row(record: CellRecord, run: RunFolder | None) -> list[str]:
    """Return a cell's row of the result table: its state, and what a study shows of a run."""
    scores = table_row(run)[1:] if run else ["-"] * (len(COLUMNS) - 2)
    return [record.name, record.state, *scores]
