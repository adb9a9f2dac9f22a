"""A forked worker is to whoever spawned it what a spawned one is."""

import multiprocessing
import os
import signal
import sys
from ast import literal_eval
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.forked_program import CODE, ForkedProgram, forked
from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.workers import run_in_workers

pytestmark = pytest.mark.slow  # the process that all are forked from imports TensorFlow

ASK = "from tests import test_forked_workers as these\nfrom transferpain.core.workers import *\n"
TELL = ASK + "print(*(told for _, told in run_in_workers(these.tell, ['x'], 1)))"
SERVE = ASK + "these.serve('x')"


def tell(word: str) -> tuple[int, str | None, str, bool]:
    """Return what a worker knows: its number, a variable, its folder, whether it has TensorFlow."""
    print(f"{word} of a worker", file=sys.stderr)
    return os.getpid(), os.environ.get("TOLD"), os.getcwd(), "tensorflow" in sys.modules


def serve(word: str) -> None:
    """Show what a process knows that is forked from a server, as those of a matrix are."""
    context = multiprocessing.get_context("forkserver")
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=answer_with, args=(word, answer))
    process.start()
    print(answers.recv())
    process.join()
    sys.exit(process.exitcode)


def answer_with(word: str, answer: Connection) -> None:
    answer.send(tell(word))


def die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stay(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    signal.pause()


def fail(word: str) -> None:
    raise ValueError(word)


@pytest.mark.parametrize("code", [TELL, SERVE], ids=["spawned", "served"])
def test_it_is_forked_and_has_environment_folder_and_streams_of_its_program(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = ForkedProgram(code, module=CODE, environment={"TOLD": "this"})
    assert program.wait() == 0, program.stderr
    number, *told = literal_eval(program.stdout)
    assert told == ["this", str(tmp_path), True]
    assert number != program.pid
    assert program.stderr == "x of a worker\n"


def test_this_process_has_such_workers_too(tmp_path, monkeypatch, capfd):
    assert forked("--version").returncode == 0  # now there is a process that they can be forked from
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOLD", "that")
    ((_, told),) = run_in_workers(tell, ["y"], 1)
    assert told[1:] == ("that", str(tmp_path), True)
    assert told[0] != os.getpid()
    assert capfd.readouterr().err == "y of a worker\n"


@pytest.mark.parametrize("options", [{"new_session": True}, {"preexec_fn": os.getpid}], ids=["group", "limits"])
def test_a_program_with_a_group_or_limits_of_its_own_starts_its_workers(options):
    program = ForkedProgram(TELL, module=CODE, **options)
    assert program.wait() == 0, program.stderr
    assert literal_eval(program.stdout)[-1] is False


def test_its_errors_and_its_death_are_told():
    assert forked("--version").returncode == 0
    with pytest.raises(ValueError, match="no such thing"):
        list(run_in_workers(fail, ["no such thing"], 1))
    with pytest.raises(UserError, match="worker process was killed"):
        list(run_in_workers(die, [1, 2], 1))


def test_it_does_not_outlive_its_program(tmp_path):
    code = f"{ASK}list(run_in_workers(these.stay, [{str(tmp_path)!r}] * 2, 2))"
    program = ForkedProgram(code, module=CODE)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2, program)
    os.kill(program.pid, signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    wait_until(lambda: not any(Path("/proc", path.name).exists() for path in tmp_path.iterdir()))
