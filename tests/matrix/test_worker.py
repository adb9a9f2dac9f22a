import json
import subprocess
import sys

import pytest

from tests.matrix.small_matrix import write_matrix
from transferpain.matrix.cells import expand
from transferpain.matrix.settings import load_matrix
from transferpain.matrix.worker import job_line
from transferpain.run_folder import Places

WORKER = [sys.executable, "-m", "transferpain.matrix.worker"]


def job(folder, data_root):
    cells = expand(load_matrix(write_matrix(folder)), folder, {})
    return job_line(cells[0].experiment, folder, Places(data_root, folder))


def start(line: str) -> subprocess.Popen:
    process = subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process


def test_an_error_is_an_answer(tmp_path):
    with start(job(tmp_path, tmp_path / "nothing")) as process:
        assert "There is no data folder" in json.loads(process.stdout.readline())["error"]
        assert process.wait(timeout=120) == 0
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_a_worker_ends_when_nobody_holds_its_input(tmp_path, small_twin):
    with start(job(tmp_path, small_twin)) as process:
        process.stdin.close()
        assert process.wait(timeout=120) == 130
        assert process.stdout.read() == ""
        assert "Traceback" not in process.stderr.read()
