"""The task on a machine: it starts a process, passes its answer on, and leaves nothing behind."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until
from transferpain.experiments.executors import ray_task

STOPPED = """
import sys
from transferpain.experiments.executors import ray_task
ray_task.MODULE = "asked"
print(ray_task.compute("{}", {"PYTHONPATH": sys.argv[1]}))
"""


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Returns what a task returns whose process is a module with some code."""
    monkeypatch.setattr(ray_task, "MODULE", "asked")

    def run(code: str, request: str = "{}", **variables: str | None) -> dict:
        (tmp_path / "asked.py").write_text(code)
        return json.loads(ray_task.compute(request, {"PYTHONPATH": str(tmp_path), **variables}))

    return run


def test_it_uses_python_s_own_libraries_alone():
    nodes = list(ast.walk(ast.parse(Path(ray_task.__file__).read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert names <= sys.stdlib_module_names
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]


def test_an_answer_is_passed_on_with_what_the_process_was_told(asked):
    code = "import json, os, sys\nprint(json.dumps(sys.stdin.readline().strip() + os.environ['OMP_NUM_THREADS']))"
    said = asked(code, "request", OMP_NUM_THREADS="3")
    assert (said["answer"], said["code"]) == ("request3", 0)
    assert said["seconds"] > 0


def test_what_ray_was_started_with_counts_only_where_nothing_is_told(asked, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("TRANSFERPAIN_LOCK", "none")
    names = "TF_ENABLE_ONEDNN_OPTS", "TRANSFERPAIN_LOCK", "KERAS_HOME"
    code = f"import json, os\nprint(json.dumps([os.environ.get(name) for name in {names}]))"
    assert asked(code)["answer"] == ["1", "none", os.environ.get("KERAS_HOME")]
    assert asked(code, TF_ENABLE_ONEDNN_OPTS="0", TRANSFERPAIN_LOCK=None, KERAS_HOME="/k")["answer"] == [
        "0",
        None,
        "/k",
    ]


def test_a_process_without_an_answer_has_its_code_and_last_words(asked):
    said = asked("raise SystemExit('no libraries')")
    assert "answer" not in said
    assert (said["code"], said["said"]) == (1, "no libraries")
    assert asked("import os; os.kill(os.getpid(), 9)")["code"] == -9


@pytest.mark.parametrize(
    ("written", "answer"),
    [('hello\n""\n', ""), ("hello\n", None), ('hello\n"bro', None), ("\n", None), ('"one"\n', "one")],
)
def test_what_else_a_process_prints_is_no_answer(asked, written, answer):
    said = asked(f"import sys\nsys.stdout.write({written!r})")
    assert (said.get("answer"), said["code"]) == (answer, 0)


def test_a_toolkit_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(ray_task, "MODULE", "no_such_toolkit")
    assert "No module named" in json.loads(ray_task.compute("{}", {}))["said"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_its_process_ends_with_it(tmp_path, number):
    code = "import os, sys\nopen('PID', 'w').write(str(os.getpid()))\nos.read(0, 1)\nos.read(0, 10)"
    (tmp_path / "asked.py").write_text(code)
    with subprocess.Popen([sys.executable, "-c", STOPPED, tmp_path], cwd=tmp_path, stderr=subprocess.DEVNULL) as task:
        wait_until(lambda: (tmp_path / "PID").is_file() and (tmp_path / "PID").read_text() != "", task)
        process = int((tmp_path / "PID").read_text())
        os.kill(task.pid, number)
    wait_until(lambda: not Path(f"/proc/{process}").exists() or _is_dead(process))


def _is_dead(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
