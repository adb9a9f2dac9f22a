"""Worker processes that stop when their parent stops."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from transferpain.core.errors import UserError


def run_in_workers(function: Callable, items: Sequence, jobs: int) -> Iterator[tuple]:
    """Yield `(item, function(item))` as worker processes finish them, in any order.

    The processes are spawned, because a fork after TensorFlow has started its threads can hang. Close
    the generator (`contextlib.closing`) so that Ctrl-C or an error ends the workers at once.

    Args:
        function: a function of a module; it and its results are pickled.
        items: what to work on; an exception of `function` is raised here.
        jobs: the most processes at a time; 0 works in this process, item by item.

    Raises:
        UserError: if a worker process was killed from outside.
    """
    if jobs == 0:
        for item in items:
            yield item, function(item)
        return
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        max_workers=max(1, min(jobs, len(items))),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_follow_parent,
    )
    try:
        with stops_held():
            futures = {pool.submit(function, item): item for item in items}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BaseException as error:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        # Python's own end would wake the pool's thread while that closes what it is woken by.
        pool.shutdown(cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise UserError(
                "A worker process was killed, perhaps for lack of memory, or could not start.",
                rule='In a script of your own, calls stand below `if __name__ == "__main__":`, as workers import it.',
                todo="Run the command again: what is finished is kept. Use fewer processes if it recurs.",
            ) from error
        raise
    pool.shutdown()


@contextmanager
def stops_held() -> Iterator[None]:
    """Answer Ctrl-C and SIGTERM only when the workers are started: one left half started complains at length.

    A terminal sends Ctrl-C to the workers too. They inherit the block, so that it cannot hit them before they
    ignore it. A block is a thread's own: another thread of this process may get the signal, hence the handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = []
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    stops = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: signal.signal(number, lambda received, frame: held.append(received)) for number in stops}
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in held[:1]:
            signal.raise_signal(number)


def _follow_parent() -> None:
    # The parent answers Ctrl-C for all; and a worker must not outlive a parent that was killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
