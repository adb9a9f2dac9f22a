"""The executor `local`: processes of this machine, one for each experiment."""

import time
from collections.abc import Iterator, Sequence

from transferpain.core.gpu import Gpu, cells_at_once, next_gpu, usable_gpus
from transferpain.core.progress import note
from transferpain.experiments.executors.base import Conditions, Outcome
from transferpain.experiments.executors.worker import start_worker
from transferpain.experiments.schema import Experiment

POLL_SECONDS = 0.05


class Local:
    """Each experiment in a process of its own, so that one that is killed does not stop the others.

    Each works with as many threads as one alone, whatever `jobs` is: on another number of threads sums end in other
    last bits, and a study must not depend on `--jobs`.
    """

    name = "local"

    def run(self, experiments: Sequence[Experiment], conditions: Conditions) -> Iterator[Outcome]:
        """Compute experiments; with one at a time its own progress is shown."""
        waiting, running, jobs = list(experiments), {}, conditions.jobs
        gpus, seen = usable_gpus(), {}
        note_crowded(gpus, min(jobs, len(waiting)))
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    experiment = waiting.pop(0)
                    if jobs == 1 and len(experiments) > 1:
                        note(f"cell {len(experiments) - len(waiting)} of {len(experiments)}: {experiment.name}")
                    log = None if jobs == 1 else conditions.logs / f"{experiment.name}.txt"
                    seen[experiment.name] = next_gpu(gpus, seen)
                    running[experiment.name] = start_worker(
                        experiment, conditions.folder, conditions.places, log, seen[experiment.name]
                    )
                time.sleep(POLL_SECONDS)
                for name in [name for name, worker in running.items() if worker.has_ended]:
                    seen.pop(name)
                    yield Outcome(name, running.pop(name).error())
        finally:
            for worker in running.values():
                worker.process.terminate()
            for worker in running.values():
                worker.process.join()


LOCAL = Local()


def note_crowded(gpus: Sequence[Gpu], cells: int) -> None:
    """Say that so many cells at a time may not fit into the memory of the GPUs, if there are any."""
    if gpus and cells > cells_at_once(gpus):
        note(
            f"warning: {cells} cells at a time may not fit into the memory of the GPU: it is enough for about "
            f"{cells_at_once(gpus)}. Use fewer --jobs if one fails for lack of memory; what is finished is kept."
        )
