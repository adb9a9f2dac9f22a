"""Computes the works of many experiments by an executor: one display, one status, and what failed."""

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.progress import note, progress_bar
from transferpain.data.places import Places
from transferpain.experiments.executors.base import AUTO, Computing, Conditions, Work
from transferpain.experiments.executors.registry import EXECUTORS
from transferpain.experiments.schema import Experiment
from transferpain.experiments.shares import Sharing, source_name, source_works, sources_of
from transferpain.experiments.status import Board, Status, duration

# So many machines are named below the bar; the others are counted.
SHOWN_NODES = 8


def check_options(by: Computing) -> None:
    """Refuse what the executor would leave out of account: who names a cluster does not mean this machine.

    Raises:
        UserError: if there is such an option.
    """
    many = EXECUTORS[by.name].many_machines
    if by.address != AUTO and not many:
        raise UserError(
            "An address is of a cluster, and nothing is computed on one.",
            rule="`--address` says which cluster `--executor ray` computes on.",
            received=f"--address {by.address}, and the executor {by.name}",
            todo="Add --executor ray, or leave --address out.",
        )
    if by.jobs != 1 and many:
        raise UserError(
            "The number of jobs is of this machine, and a cluster computes.",
            rule="A cluster computes as much at a time as its machines have processors and memory for.",
            received=f"--jobs {by.jobs}, and the executor {by.name}",
            todo="Leave --jobs out, or add --executor local. `ray start --num-cpus` says what a machine gives.",
        )


def compute_all(
    experiments: Sequence[Experiment], folder: Path, places: Places, report: str, by: Computing, unit: str
) -> dict[str, str]:
    """Compute experiments that are not finished, and before them their sources.

    On this machine a source is trained alone, as it uses all of it, and its own progress is shown. Many machines share
    the clips of faces and features, and train sources beside each other.

    Args:
        folder: where experiments that `source:` names stand.
        report: the report's folder; messages stand in `logs/` of it, and the status.
        by: where they are computed.
        unit: what they are called on the bar.

    Returns:
        Name -> error of the experiments that failed.

    Raises:
        UserError: if the executor can compute nothing at all.
    """
    if not experiments:
        return {}
    executor = EXECUTORS[by.name]
    conditions = Conditions(folder, places, places.reports / report / "logs", by.jobs, by.address)
    if executor.many_machines:
        machines = executor.room(experiments, conditions)
        return compute_works(Sharing(folder, places, machines).works(experiments), conditions, by, unit)
    failed = _train_alone(experiments, conditions, by)
    ready = [one for one in experiments if one.name not in failed]
    works = [Work(one.name, one, title=one.name) for one in ready]
    return failed | compute_works(works, conditions, by, unit)


def extract_shared(experiment: Experiment, folder: Path, places: Places, by: Computing) -> None:
    """Let many machines compute the faces and features of an experiment, and train its sources; one machine does not.

    Arguments are those of `compute_all`.

    Raises:
        UserError: as `check_options`; if a share failed, or nothing can be computed at all.
    """
    check_options(by)
    executor = EXECUTORS[by.name]
    if not executor.many_machines:
        return
    conditions = Conditions(folder, places, places.reports / f"{experiment.name}-extract" / "logs", by.jobs, by.address)
    works = Sharing(folder, places, executor.room([experiment], conditions)).extraction(experiment)
    if failed := compute_works(works, conditions, by, "shares"):
        name, error = next(iter(failed.items()))
        raise UserError(
            f"{len(failed)} of {len(works)} shares of {experiment.name} failed.",
            rule="What the others have computed is kept, and is not computed again.",
            received=f"{name}: {error}",
            todo="Mend what is wrong, then give the same command again.",
        )


def _train_alone(experiments: Sequence[Experiment], conditions: Conditions, by: Computing) -> dict[str, str]:
    """Train the sources of experiments one after another; return name -> why it cannot be computed."""
    folder, places = conditions.folder, conditions.places
    works = source_works(experiments, folder, places)
    if not works:
        return {}

    def say(work: Work, node: str) -> None:
        note(work.title)

    lost = compute_works(list(works.values()), replace(conditions, jobs=1, started=say), replace(by, jobs=1), "")
    failed = {}
    for experiment in experiments:
        for source in sources_of(experiment, folder):
            if (error := lost.get(source_name(source))) is not None:
                failed[experiment.name] = f"its source {source.name} failed: {error}"
                break
    return failed


def compute_works(works: Sequence[Work], conditions: Conditions, by: Computing, unit: str) -> dict[str, str]:
    """Compute works, show how far they are, and keep that beside the report.

    Args:
        unit: what they are called on the bar, in the plural; "" where the executor's caller says what is begun.

    Returns:
        Name -> error of the works that failed.

    Raises:
        UserError: if the executor can compute nothing at all.
    """
    if not works:
        return {}  # and the status of those that were computed before stays
    executor, board = EXECUTORS[by.name], Board(conditions.logs.parent, works, by.name)
    shown = by.jobs > 1 or executor.many_machines
    numbers = {work.name: number for number, work in enumerate(works, start=1)}
    failed = {}
    with progress_bar(unit, len(works), unit) if shown else nullcontext() as bar:

        def started(work: Work, node: str) -> None:
            conditions.started(work, node)
            board.started(work, node)
            if bar is not None:
                bar.show(lines_of(board.status))
            elif unit and len(works) > 1:
                note(f"{unit[:-1]} {numbers[work.name]} of {len(works)}: {work.title}")

        with board.kept(), closing(executor.run(works, replace(conditions, started=started))) as outcomes:
            for outcome in outcomes:
                board.ended(outcome)
                if bar is not None:
                    bar()
                    bar.show(lines_of(board.status))
                if outcome.error:
                    failed[outcome.name] = outcome.error
                    if not outcome.because_of:
                        note(f"failed: {outcome.name}: {outcome.error}")
    return failed


def lines_of(status: Status) -> list[str]:
    """Say what runs where, and about how long all will take: a line each."""
    left = status.seconds_left
    counts = f"{status.count('done')} done, {status.count('failed')} failed, {status.count('waiting')} waiting"
    lines = [counts if left is None else f"{counts}, about {duration(left)} left"]
    nodes = status.running_on
    for node, works in list(nodes.items())[:SHOWN_NODES]:
        lines.append(f"{node or 'here'}: {', '.join(work.title for work in works)}")
    rest = len(nodes) - SHOWN_NODES
    return [*lines, f"and on {rest} more machines"] if rest > 0 else lines
