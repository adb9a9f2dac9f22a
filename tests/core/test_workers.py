import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests import forked_program
from transferpain.core.errors import UserError
from transferpain.core.workers import run_in_workers


@pytest.fixture(autouse=True)
def started_workers(monkeypatch):
    """Workers that are started, as a user's are: other tests may have left a process that they would be forked from."""
    monkeypatch.setattr(forked_program, "FORKERS", {})


def square(value: int) -> int:
    return value * value


def refuse(value: int) -> int:
    raise ValueError(f"no {value}")


def die(value: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return value


def tell_and_sleep(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)


def wait_until(condition, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().split(")")[1].split()[0] != "Z"


def test_results_come_with_their_items():
    assert sorted(run_in_workers(square, [1, 2, 3], jobs=2)) == [(1, 1), (2, 4), (3, 9)]


@pytest.mark.parametrize("jobs", [0, 2])
def test_no_items_give_nothing(jobs):
    assert list(run_in_workers(square, [], jobs)) == []


def test_without_a_job_this_process_works():
    assert list(run_in_workers(lambda item: (item, os.getpid()), [2, 1], jobs=0)) == [
        (2, (2, os.getpid())),
        (1, (1, os.getpid())),
    ]


def test_an_error_in_a_worker_is_raised_here():
    with pytest.raises(ValueError, match="no 5"):
        list(run_in_workers(refuse, [5], jobs=1))


def test_a_killed_worker_is_a_message_for_the_user():
    with pytest.raises(UserError, match="worker process was killed"):
        list(run_in_workers(die, [1, 2], jobs=1))


def test_closing_early_ends_the_workers():
    before = set(multiprocessing.active_children())
    with closing(run_in_workers(square, list(range(200)), jobs=2)) as results:
        next(results)
    assert wait_until(lambda: set(multiprocessing.active_children()) <= before)


@pytest.mark.parametrize("function", [square, refuse, die])
def test_no_thread_is_left_that_the_end_of_python_would_wake(function):
    before = set(threading.enumerate())
    with suppress(ValueError, UserError), closing(run_in_workers(function, list(range(200)), jobs=2)) as results:
        next(results)
    assert set(threading.enumerate()) <= before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    code = (
        "from tests.core.test_workers import tell_and_sleep\n"
        "from transferpain.core.workers import run_in_workers\n"
        f"list(run_in_workers(tell_and_sleep, [{str(tmp_path)!r}] * 2, jobs=2))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    try:
        assert wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert wait_until(lambda: not any(is_running(worker) for worker in workers))
