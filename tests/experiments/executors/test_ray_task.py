"""The task on a machine: it starts a process, passes its answers on, and leaves nothing behind."""

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
print(list(ray_task.compute("{}", {"PYTHONPATH": sys.argv[1]})))
"""


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Returns what a task yields whose process is a module with some code."""
    monkeypatch.setattr(ray_task, "MODULE", "asked")

    def run(code: str, request: str = "{}", **variables: str | None) -> list[dict]:
        (tmp_path / "asked.py").write_text(code)
        return [json.loads(said) for said in ray_task.compute(request, {"PYTHONPATH": str(tmp_path), **variables})]

    return run


def test_it_uses_python_s_own_libraries_alone():
    nodes = list(ast.walk(ast.parse(Path(ray_task.__file__).read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += ["." * node.level + (node.module or "") for node in nodes if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_answer_is_passed_on_with_what_the_process_was_told(asked):
    code = "import json, os, sys\nanswer = sys.stdin.readline().strip() + os.environ['OMP_NUM_THREADS']\n"
    answer, end = asked(code + "print(json.dumps({'answer': answer}))", "request", OMP_NUM_THREADS="3")
    assert (answer["answer"], end["code"]) == ("request3", 0)
    assert answer["seconds"] > 0
    assert set(end) == {"code", "said", "seconds"}


def test_answers_are_passed_on_as_they_come(asked, tmp_path, monkeypatch):
    code = 'import os\nprint(\'{"answer": ""}\', flush=True)\nos.read(0, 9)\nos.read(0, 9)\n'
    (tmp_path / "asked.py").write_text(code + 'print(\'{"answer": "no space"}\')')
    said = ray_task.compute("{}", {"PYTHONPATH": str(tmp_path)})
    # The process waits for its input to be closed, which only the end of this task does.
    assert json.loads(next(said))["answer"] == ""
    said.close()


def test_what_ray_was_started_with_counts_only_where_nothing_is_told(asked, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("TRANSFERPAIN_LOCK", "none")
    names = "TF_ENABLE_ONEDNN_OPTS", "TRANSFERPAIN_LOCK", "KERAS_HOME"
    code = f"import json, os\nprint(json.dumps({{'answer': [os.environ.get(name) for name in {names}]}}))"
    assert asked(code)[0]["answer"] == ["1", "none", os.environ.get("KERAS_HOME")]
    told = asked(code, TF_ENABLE_ONEDNN_OPTS="0", TRANSFERPAIN_LOCK=None, KERAS_HOME="/k")
    assert told[0]["answer"] == ["0", None, "/k"]


def test_a_process_without_an_answer_has_its_code_and_last_words(asked):
    (said,) = asked("raise SystemExit('no libraries')")
    assert (said["code"], said["said"]) == (1, "no libraries")
    assert [one["code"] for one in asked("import os; os.kill(os.getpid(), 9)")] == [-9]


@pytest.mark.parametrize(
    ("written", "answers"),
    [
        ('hello\n{"answer": ""}\n', [""]),
        ('{"answer": ""}\nhello\n{"answer": "one"}\n{"an', ["", "one"]),
        ("hello\n", []),
        ('{"answer": "bro', []),
        ('{"answer": ""}', []),
        ('\n\n"answer"\n3\n{}\n', []),
    ],
)
def test_what_else_a_process_prints_is_no_answer(asked, written, answers):
    *said, end = asked(f"import sys\nsys.stdout.write({written!r})")
    assert ([one["answer"] for one in said], end["code"]) == (answers, 0)


def test_a_toolkit_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(ray_task, "MODULE", "no_such_toolkit")
    (said,) = ray_task.compute("{}", {})
    assert "No module named" in json.loads(said)["said"]


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
