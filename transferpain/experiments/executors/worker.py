"""A process of its own for one experiment: started by `matrix.run`, which survives whatever happens here.

It is forked from a process that has imported the libraries, because to import them takes as long as to train a small
head. A matrix that is killed takes its workers with it.
"""

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.gpu import let_memory_grow, show_only
from transferpain.core.process import Stopped, comes_of_a_stop, message_of, prepare, stop_is_answered
from transferpain.core.store import open_to_write
from transferpain.core.workers import stops_held
from transferpain.data.places import Places
from transferpain.experiments.schema import Experiment

PRELOADED = f"{__package__}.preload"  # by its name: it is not to be imported here


@dataclass(frozen=True)
class Worker:
    """A started process, and the pipe through which it says what became of its experiment."""

    process: BaseProcess
    answers: Connection

    @property
    def has_ended(self) -> bool:
        return self.process.exitcode is not None

    def error(self) -> str:
        """Return the error that an ended process reported, "" if it finished; one that says nothing was killed."""
        with self.answers, suppress(EOFError):
            return self.answers.recv()
        code = self.process.exitcode
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        return f"Its process {ended}. What it had finished is kept; the same command goes on from there."


def start_worker(
    experiment: Experiment,
    folder: Path,
    places: Places,
    log: Path | None,
    gpu: str | None = None,
) -> Worker:
    """Start the process of an experiment.

    Args:
        folder: where experiments that `source:` names stand.
        log: file of its messages; `None` shows them.
        gpu: the only one that the process sees; `None` leaves all.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(experiment, folder, places, log, gpu, answer))
    with stops_held():
        process.start()
    answer.close()
    return Worker(process, answers)


def work(
    experiment: Experiment,
    folder: Path,
    places: Places,
    log: Path | None,
    gpu: str | None,
    answer: Connection,
) -> None:
    """Run the experiment, and send what became of it: "", or the error that its user reads.

    Args:
        gpu: as `start_worker` takes it.
    """
    prepare()
    let_memory_grow()
    show_only(gpu)
    try:
        threading.Thread(target=_end_with_the_matrix, daemon=True).start()
        _say_to(log)
        from transferpain.experiments.runner import run_experiment

        run_experiment(experiment, folder, places)
        answer.send("")
    except (Exception, Stopped) as error:
        if comes_of_a_stop(error):
            stop_is_answered()
            sys.exit(130)
        if not isinstance(error, (UserError, OSError)):
            raise
        answer.send(message_of(error))


def _say_to(log: Path | None) -> None:
    """Send messages to a file, or keep standard output, which is the matrix', free of them."""
    if log is None:
        os.dup2(2, 1)
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with open_to_write(log, "wb") as messages:
        os.dup2(messages.fileno(), 1)
        os.dup2(messages.fileno(), 2)


def _end_with_the_matrix() -> None:
    """Wait until the process that asked for this one is gone, then end as on request."""
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)
