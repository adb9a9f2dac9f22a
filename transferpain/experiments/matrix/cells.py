"""The cells of a matrix: an experiment each, and what became of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.core.store import write_json
from transferpain.experiments.matrix.grouped import cell_protocol, folds_of, part_changes
from transferpain.experiments.matrix.settings import Changes, Matrix
from transferpain.experiments.schema import Experiment, load_experiment, read_values
from transferpain.experiments.study_schema import Member
from transferpain.experiments.upgrade import upgrade_experiment

RECORD = "cells.json"
Kind = Literal["transfer", "cross_dataset"]
State = Literal["done", "failed", "absent", "open"]


@dataclass(frozen=True)
class Cell:
    """One experiment of a matrix.

    Attributes:
        kind: which of the two grids it stands in.
        source: its name in the matrix; in a cross-dataset grid the dataset that source and head are trained on.
        trained_on: the dataset that the head is trained on.
        tested_on: the dataset that is tested on.
        head: its name in the matrix.
        experiment: the cell as a whole; its name is the cell's.
        parts: what is run for it: the experiment, or the same for each group of subjects, with a name of its own.
    """

    kind: Kind
    source: str
    trained_on: str
    tested_on: str
    head: str
    experiment: Experiment
    parts: tuple[Experiment, ...]

    def changed(self, change: Callable[[Experiment], Experiment]) -> "Cell":
        """Return the cell with the same change in its experiment and its parts."""
        return replace(self, experiment=change(self.experiment), parts=tuple(map(change, self.parts)))

    @property
    def name(self) -> str:
        return self.experiment.name


@dataclass(frozen=True)
class CellRecord:
    """What a report needs of a cell, as plain JSON types.

    Attributes:
        name: of its experiment.
        kind, source, trained_on, tested_on, head: as of `Cell`.
        strategy, task, selection, adaptation: as of its experiment; `adaptation` is "" without one.
        target_data: what it saw of the dataset that is tested on, a short sentence part.
        state: `done`; `failed` and `absent` (the data are not on this machine) have a reason; `open` ones are to be
            computed by another call, and count in the families of tests.
        protocol: who is tested on, and which source answers, in words; "" in records of former versions.
        runs: the names in `runs/` of the folders of its parts; none where it is not done.
        seconds: what it took to compute, its source not counted; None where that is not known.
    """

    name: str
    kind: Kind
    source: str
    trained_on: str
    tested_on: str
    head: str
    strategy: str
    task: str
    selection: str
    adaptation: str
    target_data: str
    state: State
    reason: str = ""
    protocol: str = ""
    runs: tuple[str, ...] = ()
    seconds: float | None = None


def expand(matrix: Matrix, folder: Path, overrides: dict[str, Any]) -> list[Cell]:
    """Return the cells of a matrix in a fixed order: transfer first, by source, target and head.

    Args:
        folder: where the experiments stand that heads and sources name.
        overrides: laid over every cell, as from `parse_overrides`.

    Raises:
        UserError: if the experiment of a cell breaks the schema, or two cells have one name.
    """
    cells, read = [], cache(read_values)

    def add(kind: Kind, axes: tuple[str, str, str, str], member: Member, *changes: Changes) -> None:
        source, trained_on, tested_on, head = axes
        own = {"name": cell_name(kind, source, tested_on, head), "dataset": trained_on}
        datasets = [matrix.datasets.get(name, {}) for name in dict.fromkeys((trained_on, tested_on))]
        values: Changes = {}
        told: Changes = {}
        for change in (matrix.set, *datasets, *changes, member.set, own, overrides):
            change = upgrade_experiment(change)
            values = merge(values, change)
            if isinstance(protocol := change.get("protocol"), dict) and "kind" not in protocol:
                told = merge(told, protocol)
        # What `set` says of every protocol holds for that of a cell, whose kind would replace it.
        values["protocol"] = told | values.get("protocol", {})
        path = folder / f"{member.experiment}.yaml"
        experiment = load_experiment(path, values, read)
        parts = (experiment,)
        if matrix.protocol == "grouped":
            changed = part_changes(experiment, folder, folds_of(matrix))
            parts = tuple(load_experiment(path, merge(values, part), read) for part in changed)
        experiment = parts[0] if len(parts) == 1 else experiment
        cells.append(Cell(kind, source, trained_on, tested_on, head, experiment, parts))

    for grid in matrix.transfer:
        for source, source_changes in grid.sources.items():
            for target, target_changes in grid.targets.items():
                protocol = cell_protocol(matrix, target, target)
                for head, member in grid.heads.items():
                    axes = (source, target, target, head)
                    add("transfer", axes, member, protocol, target_changes, source_changes)
    for grid in matrix.cross_dataset:
        for trained, source_changes in grid.trained_on.items():
            for tested in grid.tested_on:
                common = {"task": grid.task} | cell_protocol(matrix, trained, tested)
                for head, member in grid.heads.items():
                    add("cross_dataset", (trained, trained, tested, head), member, common, source_changes)
    check_names(cells)
    return cells


def cell_name(kind: Kind, source: str, tested_on: str, head: str) -> str:
    """Return the name of a cell by its axes."""
    return f"{source}-{'to' if kind == 'transfer' else 'on'}-{tested_on}-{head}"


def cell_names(matrix: Matrix) -> list[str]:
    """Return the names of all cells of a matrix, whose experiments are not read for it."""
    transfer = [axes for grid in matrix.transfer for axes in product(grid.sources, grid.targets, grid.heads)]
    crossed = [axes for grid in matrix.cross_dataset for axes in product(grid.trained_on, grid.tested_on, grid.heads)]
    names = [cell_name("transfer", *axes) for axes in transfer]
    return names + [cell_name("cross_dataset", *axes) for axes in crossed]


def check_names(cells: list[Cell]) -> None:
    """Refuse a matrix two of whose cells have one name: a reader could not tell them apart."""
    names = [cell.name for cell in cells]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UserError(
            "Two cells of the matrix have one name.",
            rule="A cell is named by source, target and head, so each of these stands in one grid of a kind only.",
            received=", ".join(repeated[:5]),
            todo="Give the head another name in one of the grids.",
        )


def choose(cells: list[Cell], conditions: list[str]) -> list[Cell]:
    """Return the cells that fit all conditions, e.g. `["source=untrained", "target=unbc,biovid"]`.

    Raises:
        UserError: if a condition cannot be read, or no cell fits.
    """
    axes = {"kind": "kind", "source": "source", "trained_on": "trained_on", "target": "tested_on", "head": "head"}
    for condition in conditions:
        axis, equals, wanted = condition.partition("=")
        known = sorted({getattr(cell, axes[axis]) for cell in cells}) if axis in axes else []
        values = wanted.split(",")
        if not equals or not set(values) <= set(known):
            raise UserError(
                "A part of the matrix could not be chosen.",
                rule=f"It is written AXIS=NAME or AXIS=NAME,NAME; an axis is one of {', '.join(axes)}."
                + (f" Left of {axis}: {', '.join(known)}." if known else ""),
                received=condition,
                todo="For example: --where target=unbc",
            )
        cells = [cell for cell in cells if getattr(cell, axes[axis]) in values]
    return cells


def write_records(folder: Path, records: list[CellRecord]) -> None:
    """Write what became of the cells."""
    write_json(folder / RECORD, [asdict(record) for record in records])
