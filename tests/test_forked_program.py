"""A forked program is to a test what a started one is."""

import os
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests import forked_program
from tests.command_line import EXPERIMENTS, transferpain
from tests.forked_program import LIGHT, ForkedProgram, forked
from tests.waiting import wait_until

pytestmark = pytest.mark.slow  # the process that all are forked from imports TensorFlow


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("run", EXPERIMENTS / "no-such-file.yaml"), ("run",), ("run", "nowhere.yaml", "--debug")],
    ids=["good", "refused", "misused", "traceback"],
)
def test_it_writes_and_ends_as_the_installed_program(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, other = forked(*arguments), transferpain(*arguments)
    assert (one.returncode, one.stdout) == (other.returncode, other.stdout)
    # A traceback begins with the frames that lead into the program.
    assert one.stderr.splitlines()[-1:] == other.stderr.splitlines()[-1:]
    assert ("Traceback" in one.stderr) == ("Traceback" in other.stderr)


def test_a_module_is_run_in_place_of_the_command_line():
    shown = forked("--help", module="benchmarks.scores")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Benchmark: scores." in shown.stdout


def test_environment_and_limits_are_its_own(tmp_path):
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (5_000, 5_000))
    command = ("data", "twin", "biovid", "--out", tmp_path, "--subjects", "2", "--clips", "1", "--seconds", "0.5")
    limited = forked(*command, preexec_fn=limit)
    assert limited.returncode == 1
    assert "the disk may be full" in limited.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 5_000
    named = forked("data", "check", "biovid", environment={"TRANSFERPAIN_DATA": str(tmp_path / "licensed")})
    assert "licensed" in named.stderr
    assert "TRANSFERPAIN_DATA" not in os.environ or os.environ["TRANSFERPAIN_DATA"] != str(tmp_path / "licensed")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130)])
def test_a_signal_ends_it_alone(tmp_path, how, code):
    command = ("data", "twin", "biovid", "--out", tmp_path, "--subjects", "87", "--clips", "20", "--seconds", "5")
    program = ForkedProgram(*command, new_session=True)
    wait_until(lambda: "drawing" in program.stderr or list(tmp_path.rglob("*.mp4")), program)
    assert os.getpgid(program.pid) == program.pid
    os.killpg(program.pid, how)
    assert program.wait() == program.poll() == code
    assert forked("--version").returncode == 0


def test_two_threads_that_ask_at_once_have_one_process_to_fork_from(monkeypatch):
    monkeypatch.setattr(forked_program, "FORKERS", {})
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(forked_program._forker, [LIGHT, LIGHT])
    assert first is second
