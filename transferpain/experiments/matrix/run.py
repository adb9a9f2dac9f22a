"""From a matrix file to its runs: every cell in a process of its own; what is finished is never computed again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from transferpain.core.cost import read_cost
from transferpain.core.errors import UserError
from transferpain.core.overrides import parse_overrides
from transferpain.core.paths import below
from transferpain.data.places import Places
from transferpain.experiments.computing import check_options, compute_all
from transferpain.experiments.estimate import ESTIMATED_ON, estimate
from transferpain.experiments.executors.base import Computing
from transferpain.experiments.makers import note_finished_before
from transferpain.experiments.matrix.cells import Cell, CellRecord, choose, expand
from transferpain.experiments.matrix.check import absent_cells
from transferpain.experiments.matrix.grouped import protocol_in_words
from transferpain.experiments.matrix.settings import Matrix, load_matrix
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import finished_run
from transferpain.experiments.schedule import schedule_rows, works_of_stages
from transferpain.experiments.schema import Experiment
from transferpain.experiments.study import check_twins_are_drawn, draw_twin
from transferpain.experiments.variants import variant_name
from transferpain.inputs.adaptation.chosen import target_data
from transferpain.inputs.reference.settings import reads_references

DRY_RUN_COLUMNS = ["cell", "source", "trained on", "tested on", "head", "state", "trainings", "hours", "disk GB"]


@dataclass(frozen=True)
class LoadedMatrix:
    """A matrix with its cells.

    Attributes:
        cells: all of them, in order.
        chosen: those that `--where` names.
        folder: where experiments stand.
        report: the report's folder: the matrix' name, or that of a variant by `--set`.
    """

    matrix: Matrix
    cells: list[Cell]
    chosen: list[Cell]
    folder: Path
    places: Places
    report: str


def load(path: Path, places: Places, assignments: list[str], where: list[str]) -> LoadedMatrix:
    """Load a matrix file; `--set` changes every cell, or by `matrix.KEY` the matrix itself; `--where` chooses cells.

    Raises:
        UserError: as `load_matrix`, `expand` and `choose`.
    """
    overrides = parse_overrides(assignments)
    own = overrides.pop("matrix", {})
    matrix = load_matrix(path, own if isinstance(own, dict) else {"matrix": own})
    if matrix.data_root is not None:
        places = Places(below(places.workspace, matrix.data_root), places.workspace)
    cells = expand(matrix, path.parent, overrides)
    return LoadedMatrix(matrix, cells, choose(cells, where), path.parent, places, _report(matrix, path, own, overrides))


def _report(matrix: Matrix, path: Path, own: Any, overrides: dict[str, Any]) -> str:
    """Return the name of a matrix' report; of a variant by what is set, so that its cells are not expanded twice."""
    if (own == {} and not overrides) or "matrix" in own:
        return matrix.matrix

    def settings(one: Matrix, cells: dict[str, Any]) -> dict[str, Any]:
        return {"matrix": one.model_dump(mode="json", exclude={"matrix"}), "cells": cells}

    return variant_name(matrix.matrix, lambda: settings(load_matrix(path), {}), settings(matrix, overrides))


def run_cells(loaded: LoadedMatrix, by: Computing) -> tuple[list[CellRecord], dict[str, tuple[RunFolder, ...]]]:
    """Draw the twins, compute the chosen cells that are not finished, and say what became of every cell.

    Sources are trained first, see `compute_all`. A cell that fails, or whose process is killed, does not stop the
    others.

    Args:
        loaded: the matrix with its cells.
        by: where they are computed.

    Returns:
        A record of each cell, in order, and the runs of its parts of those that are done, by the cell's name.

    Raises:
        UserError: as `check_options`; if a cell is impossible: it is named before anything runs.
    """
    by = replace(by, executor=by.executor or loaded.matrix.executor)
    check_options(by)
    for dataset, settings in loaded.matrix.twins.items():
        draw_twin(dataset, loaded.places.data_root, settings)
    runs = finished_runs(loaded.cells, loaded)
    unfinished = [cell for cell in loaded.chosen if cell.name not in runs]
    absent = absent_cells(unfinished, loaded.folder, loaded.places)
    present = [cell for cell in unfinished if cell.name not in absent]
    parts = unfinished_parts(present, loaded)
    lost = compute_all(parts, loaded.folder, loaded.places, loaded.report, by, "cells")
    failed = failed_cells(present, lost)
    runs |= finished_runs([cell for cell in present if cell.name not in failed], loaded)
    records = [
        record_of(cell, runs.get(cell.name, ()), absent.get(cell.name, ""), failed.get(cell.name, ""))
        for cell in loaded.cells
    ]
    note_finished_before(run for parts in runs.values() for run in parts)
    return records, runs


def finished_runs(cells: list[Cell], loaded: LoadedMatrix) -> dict[str, tuple[RunFolder, ...]]:
    """Return the runs of the cells that are finished; what stands in the way of others is for `absent_cells` to say."""
    runs = {}
    for cell in cells:
        try:
            parts = [finished_run(part, loaded.folder, loaded.places) for part in cell.parts]
        except UserError:
            continue
        if None not in parts:
            runs[cell.name] = tuple(parts)
    return runs


def unfinished_parts(cells: list[Cell], loaded: LoadedMatrix) -> list[Experiment]:
    """Return what is still to be run of cells that are not finished: of those in parts only the parts that are not."""
    return [part for cell in cells for part in cell.parts if len(cell.parts) == 1 or not is_finished(loaded, part)]


def failed_cells(cells: list[Cell], failed: dict[str, str]) -> dict[str, str]:
    """Return cell name -> why it failed: the first of its parts that did, and why.

    Args:
        failed: part name -> why.
    """
    found = {}
    for cell in cells:
        for part in cell.parts:
            if part.name in failed:
                where = "" if part.name == cell.name else f"{part.name}: "
                found.setdefault(cell.name, where + failed[part.name])
    return found


def record_of(cell: Cell, runs: tuple[RunFolder, ...], absent: str, failed: str) -> CellRecord:
    """Return a cell's record: a reason why it is absent or failed, or its runs; else it is open."""
    experiment, costs = cell.experiment, [read_cost(run.path) for run in runs]
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
        target_data=target_data(experiment.adaptation, experiment.protocol, reads_references(experiment.reference)),
        state="absent" if absent else "failed" if failed else "done" if runs else "open",
        reason=absent or failed,
        protocol=protocol_in_words(experiment, len(cell.parts)),
        runs=tuple(run.path.name for run in runs),
        seconds=sum(cost.seconds for cost in costs) if costs and None not in costs else None,
    )


def dry_run_rows(
    path: Path, places: Places, assignments: list[str], where: list[str], processors: Sequence[int] = ()
) -> tuple[list[list[str]], list[list[str]]]:
    """Return one row per chosen cell with its state, trainings, hours and disk, and their sum; computes nothing.

    What several cells share, a source or features, counts in the first of them; what is finished costs nothing.

    Args:
        processors: for each of these numbers of processors, how long it takes; see `schedule_rows`.

    Returns:
        The rows of the cells, and those of the schedules.

    Raises:
        UserError: if a cell is impossible, or the matrix' twins are not drawn yet.
    """
    loaded = load(path, places, assignments, where)
    check_twins_are_drawn(loaded.matrix.twins, loaded.places.data_root, f"transferpain matrix {path}")
    runs = finished_runs(loaded.chosen, loaded)
    unfinished = [cell for cell in loaded.chosen if cell.name not in runs]
    absent = absent_cells(unfinished, loaded.folder, loaded.places)
    seen, rows, sums, chains = set(), [], np.zeros(3), []
    for cell in loaded.chosen:
        state = "done" if cell.name in runs else "absent" if cell.name in absent else "to do"
        amounts = np.zeros(3)
        for part in unfinished_parts([cell], loaded) if state == "to do" else []:
            chains.append((part, estimate(part, loaded.folder, loaded.places, partial(is_finished, loaded))))
            for stage in chains[-1][1]:
                if stage.work_key not in seen:
                    amounts += stage.trainings, stage.seconds / 3600, stage.disk_bytes / 1e9
                seen.add(stage.work_key)
        sums += amounts
        axes = [cell.source, cell.trained_on, cell.tested_on, cell.head]
        rows.append([cell.name, *axes, state, *_shown(amounts)])
    threads = max((part.threads or ESTIMATED_ON for part, _ in chains), default=1)
    schedules = schedule_rows(works_of_stages(chains), processors, threads) if processors else []
    return [*rows, ["sum", *[""] * 5, *_shown(sums)]], schedules


def is_finished(loaded: LoadedMatrix, experiment: Experiment) -> bool:
    """Tell whether an experiment's run is finished, and those of its sources."""
    return finished_run(experiment, loaded.folder, loaded.places) is not None


def _shown(amounts: np.ndarray) -> list[str]:
    trainings, hours, disk = amounts
    return [f"{trainings:.0f}", f"{hours:.2f}", f"{disk:.2f}"]
