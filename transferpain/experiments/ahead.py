"""Experiments of a batch several at a time, each in a process of its own; `run_batch` finds them finished."""

from collections.abc import Sequence
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.experiments.computing import check_options, compute_all, compute_works
from transferpain.experiments.executors.base import Computing, Conditions, Work
from transferpain.experiments.executors.registry import EXECUTORS
from transferpain.experiments.runner import check_detectors, find_origin, finished_run
from transferpain.experiments.schema import Experiment
from transferpain.experiments.shares import sources_of
from transferpain.experiments.study import Batch, check_batch, check_ensembles, draw_twins


def run_ahead(batch: Batch, by: Computing) -> None:
    """Compute what is missing of a batch, several experiments at a time; with one at a time nothing is done ahead.

    Ensembles are left to `run_batch`: they are made of runs that stand then.

    Twins are drawn first; on one machine sources are trained then, as both use the whole of it. Messages of the
    processes stand in `reports/<name>/logs/`. One that fails does not stop the others: `run_batch` says why it does.

    Raises:
        UserError: as `check_options`, `check_batch`, `check_detectors` and `make_plan`, before any process starts; of
            many machines, if one failed: this one is not to compute it.
    """
    check_options(by)
    shared = EXECUTORS[by.name].many_machines
    if by.jobs == 1 and not shared:
        return
    check_batch(batch)
    draw_twins(batch.twins, batch.places)
    check_ensembles(batch)
    for experiment in batch.experiments:
        check_detectors(experiment, batch.folder, batch.places)
    ready = [experiment for experiment in batch.experiments if not experiment.members]
    if not shared:
        check_threads(ready, batch.folder)
    for experiment in [] if shared else ready:
        find_origin(experiment, batch.folder, batch.places)
    missing = [one for one in ready if finished_run(one, batch.folder, batch.places) is None]
    if shared:
        failed = compute_all(missing, batch.folder, batch.places, batch.report, by, "experiments")
        check_none_failed(failed, len(missing))
        return
    conditions = Conditions(batch.folder, batch.places, batch.places.reports / batch.report / "logs", by.jobs)
    compute_works([Work(one.name, one, title=one.name) for one in missing], conditions, by, "experiments")


def check_threads(experiments: Sequence[Experiment], folder: Path) -> None:
    """Refuse sources that state their threads beside experiments that state none.

    Sources are trained by this process, whose number the processes that it starts would take over.

    Args:
        folder: where experiments that `source:` names stand.
    """
    silent = [one.name for one in experiments if one.threads is None]
    stated = {
        source.name: source.threads
        for experiment in experiments
        for source in sources_of(experiment, folder)
        if source.threads is not None
    }
    if silent and stated:
        raise UserError(
            "A source states with how many threads it is computed, and experiments beside it do not.",
            rule="On another number of threads sums of a training end in other last bits, so all state it, or none.",
            received=f"threads of {', '.join(f'{name}: {number}' for name, number in stated.items())}; "
            f"none stated by {', '.join(silent)}",
            todo=f"Use --set threads={next(iter(stated.values()))}, or leave `threads` out of the source's file.",
        )


def check_none_failed(failed: dict[str, str], number: int) -> None:
    """Refuse to go on where experiments failed on other machines.

    Args:
        failed: name -> error.
        number: of all that were computed.

    Raises:
        UserError: if there are any.
    """
    if failed:
        raise UserError(
            f"{len(failed)} of {number} experiments failed.",
            rule="A study's report needs all of them; what has finished is kept.",
            received="\n".join(f"{name}: {error}" for name, error in list(failed.items())[:3]),
            todo="Mend what is wrong, then give the same command again.",
        )
