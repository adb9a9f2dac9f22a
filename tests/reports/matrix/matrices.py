"""Matrices whose cells are run folders with predictions drawn at random."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_leakage, write_run
from transferpain.core.store import write_json
from transferpain.experiments.leakage.checks import write_checks
from transferpain.experiments.matrix.cells import CellRecord
from transferpain.experiments.matrix.settings import Matrix

SOURCES = ("trained", "untrained")
TARGETS = ("biovid", "ai4pain")
NOT_DONE = {"failed": "The training diverged.", "absent": "The data of ai4pain are not here."}
MEMBER = {"experiment": "ai4pain-ann"}


def make_matrix(*, sources=SOURCES, targets=TARGETS, heads=("ann",), crossed=(), **changes) -> Matrix:
    """Return a matrix with a transfer grid, a cross-dataset grid over `crossed` datasets, or both."""
    values = {"matrix": "drawn", "title": "A drawn matrix", "question": "Which source?"}
    members = dict.fromkeys(heads, MEMBER)
    if sources:
        named = {source: {"source": "untrained" if "untrained" in source else "some-source"} for source in sources}
        tasks = {target: {"task": "ai4pain-three"} for target in targets}
        values["transfer"] = [{"sources": named, "targets": tasks, "heads": members}]
    if crossed:
        trained = {name: {"source": f"{name}-vgg16"} for name in crossed}
        grid = {"task": "pain-three", "trained_on": trained, "tested_on": crossed, "heads": members}
        values["cross_dataset"] = [grid]
    return Matrix.model_validate(values | changes)


def make_records(matrix: Matrix, *, states=None, selection="inner", adapted=()) -> list[CellRecord]:
    """Return the records of a matrix's cells, done unless `states` says otherwise: (source, target) -> state.

    The head of each `adapted` one is `<head>-coral`.
    """
    axes = []
    for grid in matrix.transfer:
        axes += [("transfer", s, t, t, head) for s in grid.sources for t in grid.targets for head in grid.heads]
    for grid in matrix.cross_dataset:
        for trained in grid.trained_on:
            axes += [("cross_dataset", trained, trained, t, head) for t in grid.tested_on for head in grid.heads]
    records = []
    for kind, source, trained_on, tested_on, head in axes:
        state = (states or {}).get((source, tested_on), "done")
        name = f"{source}-{'to' if kind == 'transfer' else 'on'}-{tested_on}-{head}"
        records.append(
            CellRecord(
                name=name,
                kind=kind,
                source=source,
                trained_on=trained_on,
                tested_on=tested_on,
                head=head,
                strategy="frozen",
                task="ai4pain-three",
                selection=selection,
                adaptation="coral" if head in adapted else "",
                target_data="its training subjects, labelled" if trained_on == tested_on else "none",
                state=state,
                reason=NOT_DONE.get(state, ""),
                protocol="fixed hold-out",
                runs=(f"{name}-0123456789abcdef",) if state == "done" else (),
                seconds=12.0 if state == "done" else None,
            )
        )
    return records


def write_cells(workspace: Path, records, *, skills=None, with_costs=True, **drawn) -> None:
    """Write the run folder of each finished cell.

    Args:
        workspace: holds `runs/`.
        records: of the cells.
        skills: source -> share of right answers; .6 unless given, .4 for an untrained one.
        with_costs: whether cost and transferability stand beside the scores.
        drawn: settings of `draw_predictions`; a target has the same clips in each run.
    """
    drawn = {"subjects": 8, "seeds": (0, 1), "clips_per_class": (4, 4, 4)} | drawn
    for number, record in enumerate(record for record in records if record.state == "done"):
        skill = (skills or {}).get(record.source, 0.4 if "untrained" in record.source else 0.6)
        table = draw_predictions(**drawn, skill=skill, spread=0.1, seed=number).assign(dataset=record.tested_on)
        if record.trained_on != record.tested_on:
            table["clip"] = record.tested_on + "/" + table["clip"]
        classes = tuple(f"level {k}" for k in range(len(drawn["clips_per_class"])))
        stated = {
            "task": record.task,
            "task_hash": "00ff00ff00ff00ff",
            "label_definition": f"{record.tested_on}: intensity of the stimulus",
            "source": {"name": record.source, "datasets": ["ferplus"]},
            "training_shares": {"0": np.full(len(classes), 1 / len(classes)).tolist()},
        }
        folder = write_run(workspace / "runs", record.name, table, classes=classes, stated=stated)
        checks = write_leakage(folder, failing=(9,) if number == 0 else ())
        meaning = f"{record.source} (source): expression; {record.tested_on} (target): intensity of the stimulus"
        write_checks(folder, [replace(line, figure=meaning) if line.number == 11 else line for line in checks])
        if with_costs:
            write_json(
                folder / "cost.json",
                {"seconds": 10.0 + number, "sessions": 1, "clips_embedded": 5, "clips_from_cache": 7},
            )
            scores = {
                "logme": {"value": skill + 0.01 * number, "reason": ""},
                "proxy_a_distance": {"value": 0.1 * number, "reason": ""},
                "h_score": {"value": None, "reason": "5 clips do not determine the covariance of 8 features."},
            }
            write_json(folder / "transferability.json", {"scores": scores})
