"""What the process of a work does, wherever it was started, and what it answers."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from transferpain.core.errors import InUse, UserError
from transferpain.core.process import STOPPED, Stopped, comes_of_a_stop, message_of, stop_is_answered
from transferpain.core.progress import note
from transferpain.core.threads import settle_threads
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work

# A machine that is gone may hold its locks on a network's file system for a minute and a half.
PATIENCE_SECONDS = 180.0
AGAIN_SECONDS = 1.0


def answer_with(compute: Callable[[], object], answer: Callable[[str], object]) -> None:
    """Compute, and answer "", or the error that the user reads; asked to stop, the process ends without an answer."""
    try:
        compute()
        answer("")
    except (Exception, Stopped) as error:
        if comes_of_a_stop(error):
            stop_is_answered()
            sys.exit(STOPPED)
        if not isinstance(error, (UserError, OSError)):
            raise
        answer(message_of(error))


def do(work: Work, folder: Path, places: Places, patience: float = 0.0) -> None:
    """Compute a work.

    Args:
        folder: where experiments that `source:` names stand.
        patience: seconds to wait for a process that holds the run: the one that this work was lost with may still end.

    Raises:
        UserError: as `run_experiment`.
    """
    from transferpain.experiments.runner import run_experiment

    if work.does == "run":
        _patiently(lambda: run_experiment(work.experiment, folder, places), patience)
    else:
        _share(work, folder, places)


def _patiently(run: Callable[[], object], patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            run()
            return
        except InUse:
            if time.monotonic() > until:
                raise
            time.sleep(AGAIN_SECONDS)


def _share(work: Work, folder: Path, places: Places) -> None:
    from transferpain.experiments.runner import make_plan
    from transferpain.experiments.shares import clips_of
    from transferpain.inputs.faces.measure import measure_shards
    from transferpain.inputs.faces.stage import faces_measurement
    from transferpain.strategies.registry import STRATEGIES

    settle_threads(work.experiment.threads)
    if work.does == "faces":
        measurement = faces_measurement(work.experiment.faces, places.cache)
        measure_shards(clips_of(work.experiment, places), places.data_root, measurement, places.cache, work.shards)
        return
    embedded: list[None] = []
    plan = make_plan(work.experiment, folder, places)
    STRATEGIES[work.experiment.strategy].extract_shards(plan, places, work.shards, lambda: embedded.append(None))
    note(f"{len(embedded)} clips embedded")
