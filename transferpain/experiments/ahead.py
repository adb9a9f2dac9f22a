"""Experiments of a batch several at a time, each in a process of its own; `run_batch` finds them finished."""

from contextlib import closing

from transferpain.core.progress import note, progress_bar
from transferpain.experiments.executors.base import Conditions
from transferpain.experiments.executors.local import LOCAL
from transferpain.experiments.runner import check_detectors, find_origin, finished_run
from transferpain.experiments.study import Batch, draw_twins


def run_ahead(batch: Batch, jobs: int) -> None:
    """Compute what is missing of a batch, `jobs` experiments at a time; with one at a time nothing is done ahead.

    Ensembles are left to `run_batch`: they are made of runs that stand then.

    Twins are drawn and sources trained first, as both use the whole machine. Messages of the processes stand in
    `reports/<name>/logs/`. One that fails does not stop the others: `run_batch` says why it does.

    Raises:
        UserError: as `check_detectors` and `make_plan`, before any process starts.
    """
    if jobs == 1:
        return
    draw_twins(batch.twins, batch.places)
    for experiment in batch.experiments:
        check_detectors(experiment, batch.folder, batch.places)
    ready = [experiment for experiment in batch.experiments if not experiment.members]
    for experiment in ready:
        find_origin(experiment, batch.folder, batch.places)
    missing = [one for one in ready if finished_run(one, batch.folder, batch.places) is None]
    conditions = Conditions(batch.folder, batch.places, batch.places.reports / batch.report / "logs", jobs)
    with (
        progress_bar("experiments", len(missing), "experiments") as advance,
        closing(LOCAL.run(missing, conditions)) as outcomes,
    ):
        for outcome in outcomes:
            advance()
            if outcome.error:
                note(f"failed: {outcome.name}: {outcome.error}")
