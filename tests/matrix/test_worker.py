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


def test_an_error_is_an_answer(tmp_path):
    line = job(tmp_path, tmp_path / "nothing")
    result = subprocess.run(WORKER, input=line + "\n", capture_output=True, text=True, check=False)
    assert "No data folder" in json.loads(result.stdout)["error"] or "no data folder" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_worker_ends_when_nobody_holds_its_input(tmp_path, small_twin):
    process = subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdin.write(job(tmp_path, small_twin) + "\n")
    process.stdin.close()
    assert process.wait(timeout=120) == 130
    assert process.stdout.read() == ""
    assert "Traceback" not in process.stderr.read()
    process.stdout.close()
    process.stderr.close()
