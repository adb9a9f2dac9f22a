"""From a matrix file to its runs: every cell in a process of its own; what is finished is never computed again."""

from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.cost import read_cost
from transferpain.core.errors import UserError
from transferpain.core.overrides import parse_overrides
from transferpain.core.progress import note, progress_bar
from transferpain.core.store import fingerprint
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.estimate import estimate
from transferpain.experiments.executors.base import Conditions
from transferpain.experiments.executors.registry import EXECUTORS
from transferpain.experiments.makers import note_finished_before
from transferpain.experiments.matrix.cells import Cell, CellRecord, choose, expand
from transferpain.experiments.matrix.check import absent_cells
from transferpain.experiments.matrix.settings import Matrix, load_matrix
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import finished_run
from transferpain.experiments.schema import Experiment
from transferpain.experiments.study import check_twins_are_drawn, draw_twin
from transferpain.inputs.adaptation.chosen import target_data
from transferpain.models.sources.origin import BUILT

DRY_RUN_COLUMNS = ["cell", "source", "trained on", "tested on", "head", "state", "hours", "disk GB"]


@dataclass(frozen=True)
class LoadedMatrix:
    """A matrix with its cells.

    Attributes:
        cells: all of them, in order.
        chosen: those that `--where` names.
        folder: where experiments stand.
    """

    matrix: Matrix
    cells: list[Cell]
    chosen: list[Cell]
    folder: Path
    places: Places


def load(path: Path, places: Places, assignments: list[str], where: list[str]) -> LoadedMatrix:
    """Load a matrix file; `--set` changes every cell, `--where` chooses cells. Raises as `expand` and `choose` do."""
    matrix = load_matrix(path)
    if matrix.data_root is not None:
        places = Places(places.workspace / matrix.data_root, places.workspace)
    cells = expand(matrix, path.parent, parse_overrides(assignments))
    return LoadedMatrix(matrix, cells, choose(cells, where), path.parent, places)


def run_cells(loaded: LoadedMatrix, jobs: int) -> tuple[list[CellRecord], dict[str, RunFolder]]:
    """Draw the twins, compute the chosen cells that are not finished, and say what became of every cell.

    Sources are trained first, one after another, as each uses the whole machine. A cell that fails, or whose process
    is killed, does not stop the others.

    Args:
        loaded: the matrix with its cells.
        jobs: processes at a time.

    Returns:
        A record of each cell, in order, and the runs of those that are done, by the cell's name.

    Raises:
        UserError: if a cell is impossible: it is named before anything runs.
    """
    for dataset, settings in loaded.matrix.twins.items():
        draw_twin(dataset, loaded.places.data_root, settings)
    runs = finished_runs(loaded.cells, loaded)
    unfinished = [cell for cell in loaded.chosen if cell.name not in runs]
    absent = absent_cells(unfinished, loaded.folder, loaded.places)
    present = [cell for cell in unfinished if cell.name not in absent]
    failed = train_sources(present, loaded)
    ready = [cell for cell in present if cell.name not in failed]
    failed |= run_all([cell.experiment for cell in ready], loaded, jobs)
    runs |= finished_runs([cell for cell in ready if cell.name not in failed], loaded)
    records = [
        record_of(cell, runs.get(cell.name), absent.get(cell.name, ""), failed.get(cell.name, ""))
        for cell in loaded.cells
    ]
    note_finished_before(runs.values())
    return records, runs


def finished_runs(cells: list[Cell], loaded: LoadedMatrix) -> dict[str, RunFolder]:
    """Return the runs of the cells that are finished; what stands in the way of others is for `absent_cells` to say."""
    runs = {}
    for cell in cells:
        try:
            run = finished_run(cell.experiment, loaded.folder, loaded.places)
        except UserError:
            continue
        if run is not None:
            runs[cell.name] = run
    return runs


def train_sources(cells: list[Cell], loaded: LoadedMatrix) -> dict[str, str]:
    """Train the sources that cells wait for, parents first.

    Returns:
        Cell name -> why its source is not there, of the cells that cannot be computed now.
    """
    problems: dict[str, str] = {}
    failed: dict[str, str] = {}
    for cell in cells:
        for source in sources_of(cell.experiment, loaded.folder):
            key = fingerprint(source.resolved())
            if key not in problems:
                problems[key] = ""
                if finished_run(source, loaded.folder, loaded.places) is None:
                    note(f"source {source.name}")
                    problems[key] = run_all([source], loaded, 1).get(source.name, "")
            if problems[key]:
                failed[cell.name] = f"its source {source.name} failed: {problems[key]}"
                break
    return failed


def sources_of(experiment: Experiment, folder: Path) -> list[Experiment]:
    """Return the experiments that an experiment's source comes from, the first ancestor first."""
    source = None if experiment.source in BUILT else source_experiment(experiment, folder)
    return [] if source is None else [*sources_of(source, folder), source]


def run_all(experiments: list[Experiment], loaded: LoadedMatrix, jobs: int) -> dict[str, str]:
    """Run experiments, `jobs` at a time, with a bar over all of them; return name -> error of those that failed."""
    logs = loaded.places.reports / loaded.matrix.matrix / "logs"
    conditions = Conditions(loaded.folder, loaded.places, logs, jobs)
    bar = progress_bar("cells", len(experiments), "cells") if jobs > 1 and experiments else nullcontext(lambda: None)
    failed = {}
    with bar as advance, closing(EXECUTORS[loaded.matrix.executor].run(experiments, conditions)) as outcomes:
        for outcome in outcomes:
            advance()
            if outcome.error:
                failed[outcome.name] = outcome.error
                note(f"failed: {outcome.name}: {outcome.error}")
    return failed


def record_of(cell: Cell, run: RunFolder | None, absent: str, failed: str) -> CellRecord:
    """Return a cell's record: a reason why it is absent or failed, or its run; else it is open."""
    experiment, cost = cell.experiment, read_cost(run.path) if run else None
    return CellRecord(
        name=cell.name,
        kind=cell.kind,
        source=cell.source,
        trained_on=cell.trained_on,
        tested_on=cell.tested_on,
        head=cell.head,
        strategy=experiment.strategy,
        task=experiment.task,
        selection=experiment.protocol.selection,
        adaptation=experiment.adaptation or "",
        target_data=target_data(experiment.adaptation, experiment.protocol),
        state="absent" if absent else "failed" if failed else "done" if run else "open",
        reason=absent or failed,
        run=run.path.name if run else "",
        seconds=cost and cost.seconds,
    )


def dry_run_rows(path: Path, places: Places, assignments: list[str], where: list[str]) -> list[list[str]]:
    """Return one row per chosen cell with its state, hours and disk, and their sum; computes nothing.

    What several cells share, a source or features, counts in the first of them.

    Raises:
        UserError: if a cell is impossible, or the matrix' twins are not drawn yet.
    """
    loaded = load(path, places, assignments, where)
    check_twins_are_drawn(loaded.matrix.twins, loaded.places.data_root, f"transferpain matrix {path}")
    runs = finished_runs(loaded.chosen, loaded)
    unfinished = [cell for cell in loaded.chosen if cell.name not in runs]
    absent = absent_cells(unfinished, loaded.folder, loaded.places)
    seen, rows, sums = set(), [], [0.0, 0.0]
    for cell in loaded.chosen:
        state = "done" if cell.name in runs else "absent" if cell.name in absent else "to do"
        hours = disk = 0.0
        for stage in estimate(cell.experiment, loaded.folder, loaded.places) if state == "to do" else []:
            if stage.work_key not in seen:
                hours, disk = hours + stage.seconds / 3600, disk + stage.disk_bytes / 1e9
            seen.add(stage.work_key)
        sums = [sums[0] + hours, sums[1] + disk]
        axes = [cell.source, cell.trained_on, cell.tested_on, cell.head]
        rows.append([cell.name, *axes, state, f"{hours:.2f}", f"{disk:.2f}"])
    return [*rows, ["sum", *[""] * 5, *(f"{value:.2f}" for value in sums)]]
