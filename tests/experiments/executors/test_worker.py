"""The process of a cell: it answers, writes where it is told to, and does not outlive the matrix."""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments.matrix.small_matrix import write_matrix
from tests.forked_program import forked_code
from tests.waiting import wait_until
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.worker import PRELOADED, start_worker
from transferpain.experiments.matrix.cells import expand
from transferpain.experiments.matrix.settings import load_matrix

MATRIX = """
import sys, time
from pathlib import Path
from tests.experiments.executors.test_worker import start

worker = start(Path(sys.argv[1]), Path(sys.argv[2]), None)
print(worker.process.pid, flush=True)
time.sleep(1000)
"""


def start(folder: Path, data_root: Path, log: Path | None):
    cells = expand(load_matrix(write_matrix(folder)), folder, {})
    return start_worker(Work(cells[0].name, cells[0].experiment), folder, Places(data_root, folder), log)


def test_what_is_preloaded_can_be_imported():
    assert importlib.import_module(PRELOADED).__doc__


@pytest.mark.slow
def test_what_is_preloaded_is_imported_without_a_word():
    # The process that cells are forked from passes over a module that it cannot import.
    assert forked_code(f"import {PRELOADED}") == ""


def is_alive(number: int) -> bool:
    """Tell whether a process runs; one that has ended and was not asked for its status does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
def test_an_error_is_an_answer_and_messages_go_to_the_log(tmp_path):
    log = tmp_path / "logs" / "cell.txt"
    worker = start(tmp_path, tmp_path / "nothing", log)
    worker.process.join()
    assert worker.process.exitcode == 0
    assert "There is no data folder" in worker.error()
    assert log.read_text() == ""


@pytest.mark.slow
def test_a_process_that_ends_without_an_answer_is_an_error_too(tmp_path, small_twin):
    worker = start(tmp_path, small_twin, tmp_path / "log.txt")
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.join()
    assert "was killed by signal 9" in worker.error()


@pytest.mark.slow
def test_a_worker_ends_with_a_matrix_that_is_killed(tmp_path, small_twin):
    command = [sys.executable, "-c", MATRIX, tmp_path, small_twin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as matrix:
        number = int(matrix.stdout.readline())
        assert is_alive(number)
        matrix.kill()
        wait_until(lambda: not is_alive(number))
        assert "Traceback" not in matrix.stderr.read()


def test_a_log_that_another_process_still_writes_to_begins_anew_without_a_hole(tmp_path):
    log = tmp_path / "logs" / "work.txt"
    code = "import sys; from pathlib import Path; from transferpain.experiments.executors.worker import say_to\n"
    code += "say_to(Path(sys.argv[1])); print(sys.argv[2], flush=True); sys.stdin.readline(); print('last', flush=True)"

    def begun(says: str) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", code, log, says], stdin=subprocess.PIPE, text=True)
        wait_until(lambda: log.is_file() and log.read_text() == f"{says}\n", process)
        return process

    former = begun("the former")
    latter = begun("the latter")
    former.communicate("\n")
    latter.communicate("\n")
    assert log.read_text() == "the latter\nlast\nlast\n"
