"""The executor `local`: processes of this machine, one for each work."""

import time
from collections.abc import Iterator, Sequence

from transferpain.core.gpu import Gpu, cells_at_once, next_gpu, usable_gpus
from transferpain.core.progress import note
from transferpain.experiments.executors.base import Conditions, Outcome, Work
from transferpain.experiments.executors.order import Order
from transferpain.experiments.executors.worker import Worker, start_worker
from transferpain.experiments.schema import Experiment

POLL_SECONDS = 0.05


class Local:
    """Each experiment in a process of its own, so that one that is killed does not stop the others.

    Each works with as many threads as one alone, whatever `jobs` is: on another number of threads sums end in other
    last bits, and a study must not depend on `--jobs`.
    """

    name = "local"
    many_machines = False

    def room(self, experiments: Sequence[Experiment], conditions: Conditions) -> int:
        """Return the number of jobs: this machine is there."""
        return conditions.jobs

    def run(self, works: Sequence[Work], conditions: Conditions) -> Iterator[Outcome]:
        """Compute works; with one at a time its own progress is shown."""
        order, running, jobs = Order(works), {}, conditions.jobs
        gpus, seen = usable_gpus(), {}
        note_crowded(gpus, min(jobs, len(works)))
        try:
            while not order.is_over:
                while len(running) < jobs and (work := order.next()) is not None:
                    conditions.started(work, "")
                    seen[work.name] = next_gpu(gpus, seen)
                    running[work.name] = start(work, conditions, seen[work.name])
                time.sleep(POLL_SECONDS)
                for name in [name for name, worker in running.items() if worker.has_ended]:
                    seen.pop(name)
                    yield from order.end(name, running.pop(name).error())
        finally:
            for worker in running.values():
                worker.process.terminate()
            for worker in running.values():
                worker.process.join()


LOCAL = Local()


def start(work: Work, conditions: Conditions, gpu: str | None) -> Worker:
    """Start the process of a work, which sees one GPU alone, or all."""
    log = None if conditions.jobs == 1 else conditions.logs / f"{work.name}.txt"
    return start_worker(work, conditions.folder, conditions.places, log, gpu)


def note_crowded(gpus: Sequence[Gpu], cells: int) -> None:
    """Say that so many cells at a time may not fit into the memory of the GPUs, if there are any."""
    if gpus and cells > cells_at_once(gpus):
        note(
            f"warning: {cells} cells at a time may not fit into the memory of the GPU: it is enough for about "
            f"{cells_at_once(gpus)}. Use fewer --jobs if one fails for lack of memory; what is finished is kept."
        )
