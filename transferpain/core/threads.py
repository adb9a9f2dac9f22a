"""How many threads a process computes with: on another number, the sums of a training end in other last bits.

An experiment that states it has the same bits on machines with any number of processors. Without it, as many as this
machine has.
"""

import os
import sys

from transferpain.core.errors import UserError

TENSORFLOW = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
# What libraries read that are loaded later, and the processes that this one starts.
VARIABLES = (*TENSORFLOW, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Settled:
    """What an experiment has asked this process for."""

    threads: int | None = None


def thread_variables(threads: int) -> dict[str, str]:
    """Return the variables of the environment by which a process is told its number of threads."""
    return dict.fromkeys(VARIABLES, str(threads))


def threads_told() -> int:
    """Return how many threads this process was told to compute with; 0 where nothing was said."""
    told = os.environ.get(TENSORFLOW[0], "")
    return int(told) if told.isdecimal() else 0


def threads_stated() -> int | None:
    """Return how many threads an experiment has asked this process for; `None` where none has."""
    return _Settled.threads


def usable_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def processes_at_once() -> int:
    """Return how many processes of a stage work at a time: as many as threads are told, else as processors are there.

    No result depends on it.
    """
    return threads_told() or os.cpu_count()


def settle_threads(threads: int | None) -> None:
    """Let this process compute with as many threads as an experiment states; before its first operation.

    Args:
        threads: `None` where the experiment states nothing.

    Raises:
        UserError: if the process has begun to compute with another number.
    """
    if threads == _Settled.threads:
        return
    if threads is None or _Settled.threads is not None:
        raise _begun(threads, _Settled.threads)
    tensorflow = sys.modules.get("tensorflow")
    if hasattr(tensorflow, "config"):
        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError as error:  # its first operation was computed
            raise _begun(threads, threads_told() or usable_processors()) from error
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    os.environ.update(thread_variables(threads))
    _Settled.threads = threads


def _begun(threads: int | None, before: int | None) -> UserError:
    return UserError(
        "A process cannot change its number of threads.",
        rule="An experiment with `threads` is computed by that many, and one process computes with one number.",
        received=f"threads: {threads or 'not stated'}, in a process that has begun with {before}",
        todo="Compute the experiments in processes of their own, with --jobs 2; or state `threads` in all or in none.",
    )
