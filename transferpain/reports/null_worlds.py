"""The null check of a file: its experiments in null worlds, a verdict on every score, a table and a page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.store import write_text
from transferpain.core.synthetic_faces import DRAWN
from transferpain.data.places import Places
from transferpain.evaluation.null_worlds import ALL_DRAWS, ERROR, Held, NullScore, judge_worlds
from transferpain.experiments.ahead import run_ahead
from transferpain.experiments.executors.base import HERE, Computing
from transferpain.experiments.matrix.run import LoadedMatrix, load, run_cells
from transferpain.experiments.members import of_batch
from transferpain.experiments.null_worlds import DRAWS, PART, World, declared_leak, null_scores, null_worlds
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import Experiment
from transferpain.experiments.study import datasets_read, load_batch, run_batch
from transferpain.reports.inputs import PAGE, written_anew
from transferpain.reports.page import render, write_csv
from transferpain.reports.screen import Result

WORLDS = [f"world {draw}" for draw in range(1, DRAWS + 1)]
COLUMNS = ["cell", "chance", *WORLDS, "mean", "interval", "found from", "verdict"]
# A screen has no room for the worlds; the page has.
ON_SCREEN = [column for column in COLUMNS if column not in WORLDS]
HOLDS, MISSES, BLIND = "at chance", "NOT AT CHANCE", "too few clips"
MOST = 1.0  # that balanced accuracy can be
OF_TWINS = (
    "Null twins: action units do not depend on the labels, and all else is as it is in the twins: lengths, rates, "
    "order, light. A score that is not at chance is a leak of any of these, or of fitting or selection."
)
OF_LABELS = (
    "Labels dealt anew within subjects. This finds leaks of fitting and of selection. It finds none of length, rate or "
    "order: those hang on the clips, and not on the labels that they are given. Twins of the data show those."
)


@dataclass(frozen=True)
class NullCheck:
    """What a null check found.

    Attributes:
        result: what the command line prints.
        passed: whether every score holds chance, and every experiment could be run.
    """

    result: Result
    passed: bool


def check_file(path: Path, places: Places, assignments: list[str], by: Computing = HERE) -> NullCheck:
    """Run an experiment or a study in its null worlds, and judge every score.

    Every run is one as all others: what is finished is not computed again. Arguments are those of `run_file`, and where
    experiments are computed.
    """
    batch = load_batch(path, places, assignments)
    datasets = set().union(*(datasets_read(experiment, batch.folder) for experiment in batch.experiments))
    scores, worlds = [], list(null_worlds(batch.name, batch.twins, datasets, batch.places))
    for world in worlds:
        note(f"null world {world.draw} of {len(worlds)}")
        experiments = [world.experiment(experiment) for experiment in batch.experiments]
        inside = replace(
            batch, report=f"{batch.report}-null", places=world.places, twins=world.twins, experiments=experiments
        )
        run_ahead(inside, by)
        runs = run_batch(inside)
        plans = [make_plan(of_batch(one, runs), batch.folder, world.places) for one in experiments]
        scores += [score for plan in plans for score in null_scores(plan, world.draw, world.places)]
    return _concluded(batch.report, batch.title, batch.experiments, worlds, scores, [])


def check_matrix(
    path: Path, places: Places, assignments: list[str], where: list[str], by: Computing = HERE
) -> NullCheck:
    """Run the chosen cells of a matrix in its null worlds, and judge every score; arguments as of `run_matrix`."""
    loaded = load(path, places, assignments, where)
    chosen = [part for cell in loaded.chosen for part in cell.parts]
    datasets = set().union(*(datasets_read(experiment, loaded.folder) for experiment in chosen))
    scores, troubles = [], []
    name = loaded.matrix.matrix
    worlds = list(null_worlds(name, loaded.matrix.twins, datasets, loaded.places))
    for world in worlds:
        note(f"null world {world.draw} of {len(worlds)}")
        inside = _inside(loaded, world)
        records, runs = run_cells(inside, by)
        wanted = {cell.name: cell.parts for cell in inside.chosen}
        parts = [part for name in runs for part in wanted.get(name, ())]
        plans = [make_plan(part, loaded.folder, world.places) for part in parts]
        scores += [score for plan in plans for score in null_scores(plan, world.draw, world.places)]
        troubles += [
            f"{record.state} in world {world.draw}: {record.name}: {record.reason}"
            for record in records
            if record.reason and record.name in wanted
        ]
    return _concluded(loaded.report, loaded.matrix.title, chosen, worlds, scores, troubles)


def _inside(loaded: LoadedMatrix, world: World) -> LoadedMatrix:
    """Return a matrix as it is run in a world: of its cells the chosen ones, in a report folder of the world's own."""
    cells = [cell.changed(world.experiment) for cell in loaded.chosen]
    matrix = loaded.matrix.model_copy(update={"twins": world.twins})
    report = f"{loaded.report}-null"
    return replace(loaded, matrix=matrix, cells=cells, chosen=cells, places=world.places, report=report)


def _concluded(
    name: str,
    title: str,
    experiments: Sequence[Experiment],
    worlds: Sequence[World],
    scores: list[NullScore],
    troubles: list[str],
) -> NullCheck:
    """Judge the scores, and write `reports/<name>-null/`: `index.html` and `null.csv`."""
    declared = {one.name: why for one in experiments if (why := declared_leak(one))}
    judged = [score for score in scores if score.cell.partition(PART)[0] not in declared]
    if not judged:
        raise UserError(
            "There is no score to judge.",
            rule="A null check judges experiments that must be at chance.",
            received="; ".join([*(f"{cell}: {why}" for cell, why in declared.items()), *troubles]) or "no experiment",
            todo="Name a file with another experiment.",
        )
    held = judge_worlds(judged)
    rows = [_row(cell, held) for cell in dict.fromkeys(score.cell for score in judged)]
    for cell, why in declared.items():
        values = [f"{score.observed:.3f}" for score in scores if score.cell == cell]
        rows.append([cell, "-", *values, *["-"] * (DRAWS - len(values)), "-", "-", "-", f"not judged: {why}"])
    missed = [_missed(one) for one in held if not one.holds]
    folder = worlds[0].places.reports / f"{name}-null"
    permutes = worlds[0].permutes
    verdict = f"{len(missed)} of {len(held)} intervals miss chance" if missed else f"all {len(held)} hold chance"
    blind = [f"{row[0]}: {BLIND} for any score to miss chance" for row in rows if row[-1] == BLIND]
    page = render(
        "null.html",
        title=f"Null check: {title}",
        question="",
        synthetic=[] if permutes else ["null twins"],
        synthetic_faces=DRAWN,
        all_synthetic=not permutes,
        verdict=verdict,
        passed=not (missed or troubles),
        means=OF_LABELS if permutes else OF_TWINS,
        error=f"{100 * ERROR:g} %",
        worlds=len(worlds),
        lines=[*missed, *troubles, *blind],
        table=pd.DataFrame(rows, columns=COLUMNS),
    )
    with written_anew(folder) as fresh:
        write_csv(fresh / "null.csv", _numbers(held))
        write_text(fresh / PAGE, page)
    conclusion = f"{verdict}; where nothing leaks, any does with a probability of at most {100 * ERROR:g} %"
    notes = [*missed, *troubles, *blind, conclusion if missed else verdict, f"report: {folder / PAGE}"]
    shown = pd.DataFrame(rows, columns=COLUMNS)[ON_SCREEN].to_numpy().tolist()
    return NullCheck(Result(f"{title}: null check", ON_SCREEN, shown, notes), not (missed or troubles))


def _row(cell: str, held: Sequence[Held]) -> list[str]:
    own = {one.draw: one for one in held if one.cell == cell}
    mean = own.get(ALL_DRAWS) or next(iter(own.values()))
    values = [f"{own[draw].value:.3f}" if draw in own else "-" for draw in range(1, DRAWS + 1)]
    verdict = BLIND if mean.found_from > MOST else HOLDS
    if not all(one.holds for one in own.values()):
        verdict = MISSES
    found = "-" if np.isnan(mean.found_from) else f"{mean.found_from:.3f}"
    interval = f"[{mean.low:.3f}, {mean.high:.3f}]"
    return [cell, f"{mean.chance:.3f}", *values, f"{mean.value:.3f}", interval, found, verdict]


def _missed(one: Held) -> str:
    where = "on average over the worlds" if one.draw == ALL_DRAWS else f"in world {one.draw}"
    return (
        f"failed: {one.cell} is not at chance {where}: {one.value:.3f} [{one.low:.3f}, {one.high:.3f}], "
        f"chance {one.chance:.3f}"
    )


def _numbers(held: Sequence[Held]) -> pd.DataFrame:
    rows = [(one.cell, one.draw, one.value, one.low, one.high, one.chance, one.found_from, one.holds) for one in held]
    columns = ["cell", "world", "balanced_accuracy", "low", "high", "chance", "found_from", "holds_chance"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(world=table["world"].map(lambda draw: "all" if draw == ALL_DRAWS else str(draw)))
