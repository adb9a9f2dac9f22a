"""Forks the worker processes that code starts from a process which has imported the libraries already.

A spawned worker begins with nothing, imports what it needs, and shares nothing with whoever spawned it. A forked one is
the same but for the import: it comes from the process that programs are forked from (`tests.forked_program`), and has
the environment, folder, streams and limits of whoever asked for it, not its session and parent. The same holds for the
server that processes of a matrix are forked from. That workers start, and end with their parent, is seen by the tests
of core/workers.py and of experiments/executors, and by those that call the installed program.
"""

import os
import pickle
import resource
import socket
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import context, forkserver, popen_fork, popen_forkserver, process, resource_tracker, spawn
from threading import Lock
from unittest import mock

SPAWNED, SERVED = context.SpawnProcess, context.ForkServerProcess

LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)

_one_at_a_time = Lock()


def install(asked: Callable[[], socket.socket | None], kind: type[process.BaseProcess]) -> None:
    """Let processes of a kind that are started from now on be forked.

    Args:
        asked: returns the socket of the process that they are forked from, `None` if there is none: then they are
            started. It is called for each.
        kind: `SPAWNED` or `SERVED`.
    """
    started = kind._Popen

    def begin(worker: process.BaseProcess) -> popen_fork.Popen:
        forker = asked()
        if forker is None:
            return started(worker)
        with _one_at_a_time, mock.patch.object(forkserver, "connect_to_new_process", partial(_ask, forker)):
            return popen_forkserver.Popen(worker)

    kind._Popen = staticmethod(begin)


def _ask(forker: socket.socket, descriptors: list[int]) -> tuple[int, int]:
    """Ask for a worker; return where its number and exit code are read, and where its work is written."""
    status, its_status = os.pipe()
    its_work, work = os.pipe()
    limits = {limit: resource.getrlimit(limit) for limit in LIMITS}
    request = {"environment": dict(os.environ), "folder": os.getcwd(), "new_session": False}
    request["preexec_fn"] = partial(_set_limits, limits)
    given = [1, 2, its_status, its_work, resource_tracker.getfd(), *descriptors]
    socket.send_fds(forker, [pickle.dumps(request)], given)
    os.close(its_status)
    os.close(its_work)
    return status, work


def _set_limits(limits: dict[int, tuple[int, int]]) -> None:
    for limit, bounds in limits.items():
        resource.setrlimit(limit, bounds)


def be_worker(its_work: int, tracker: int, *descriptors: int) -> None:
    """Work, and end this process; it was forked after `_ask` asked for it."""
    forkserver._forkserver._inherited_fds = list(descriptors)
    resource_tracker._resource_tracker._fd = tracker
    code = 1
    try:
        code = spawn._main(its_work, os.dup(its_work))
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)
