"""A process of its own for one work: started by `matrix.run`, which survives whatever happens here.

It is forked from a process that has imported the libraries, because to import them takes as long as to train a small
head. A matrix that is killed takes its workers with it.
"""

import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from transferpain.core.gpu import let_memory_grow, show_only
from transferpain.core.process import prepare
from transferpain.core.store import open_to_write
from transferpain.core.workers import stops_held
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.doing import answer_with, do

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


def start_worker(work: Work, folder: Path, places: Places, log: Path | None, gpu: str | None = None) -> Worker:
    """Start the process of a work.

    Args:
        folder: where experiments that `source:` names stand.
        log: file of its messages; `None` shows them.
        gpu: the only one that the process sees; `None` leaves all.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=compute, args=(work, folder, places, log, gpu, answer))
    with stops_held():
        process.start()
    answer.close()
    return Worker(process, answers)


def compute(work: Work, folder: Path, places: Places, log: Path | None, gpu: str | None, answer: Connection) -> None:
    """Compute the work, and send what became of it; arguments are those of `start_worker`."""
    prepare()
    let_memory_grow()
    show_only(gpu)

    def begin() -> None:
        threading.Thread(target=_end_with_the_matrix, daemon=True).start()
        say_to(log)
        do(work, folder, places)

    answer_with(begin, answer.send)


def say_to(log: Path | None) -> None:
    """Send messages to a file, or keep standard output, which is the matrix', free of them."""
    if log is None:
        os.dup2(2, 1)
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    # Whoever else still writes there, as for another command, writes behind this, and leaves no hole.
    with open_to_write(log, "ab") as messages:
        messages.truncate(0)
        os.dup2(messages.fileno(), 1)
        os.dup2(messages.fileno(), 2)


def _end_with_the_matrix() -> None:
    """Wait until the process that asked for this one is gone, then end as on request."""
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)
