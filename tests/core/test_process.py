"""Signals: a stop that a library swallows is raised again, and one that unwinds is left to it."""

import os
import subprocess
import sys
import time

import pytest

from transferpain.core.process import Stopped, comes_of_a_stop, is_read, message_of

START = """
import os, signal, time
from transferpain.core.process import Stopped, prepare, stop_is_answered
prepare()
class Swallowing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
try:
    {work}
    print("went on")
except Stopped:
    stop_is_answered()
    raise SystemExit(130)
"""
SWALLOWED = """
    Swallowing()
    time.sleep(20)
"""
UNWINDING = """
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
    finally:
        time.sleep(1.2)
        print("cleaned up")
"""


# As a library written in C says that what it called both answered and failed: an error on top of the stop.
ON_TOP = """
    class OnTop:
        def __del__(self):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)
            except BaseException as stopped:
                raise SystemError("returned a result with an exception set") from stopped
    OnTop()
    time.sleep(20)
"""


@pytest.mark.parametrize(
    ("work", "printed"), [(SWALLOWED, ""), (UNWINDING, "cleaned up\n"), (ON_TOP, "")], ids=["lost", "unwinds", "on top"]
)
def test_a_stop_is_never_lost_and_never_disturbs_what_cleans_up(work, printed):
    program = [sys.executable, "-c", START.format(work=work.strip())]
    result = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, printed, "")


def test_what_nobody_could_catch_is_shown_where_it_comes_of_no_stop():
    script = START.format(work="class Faulty:\n        def __del__(self): raise ValueError('a fault')\n    Faulty()")
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "went on\n"
    assert "ValueError: a fault" in result.stderr


def test_an_error_on_top_of_a_stop_is_the_stop():
    error = SystemError("returned a result with an exception set")
    assert not comes_of_a_stop(error)
    error.__context__ = RuntimeError()
    error.__context__.__context__ = Stopped()
    assert comes_of_a_stop(error)


def test_an_end_at_once_waits_for_nobody_and_loses_no_word():
    script = """
import threading, time
from transferpain.core.process import end_at_once
threading.Thread(target=time.sleep, args=(20,)).start()
print("the last word", end="")
end_at_once()
"""
    begun = time.monotonic()
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("the last word", "")
    assert time.monotonic() - begun < 10


CLOSED = """
import os, sys
from transferpain.core.process import prepare
prepare()
os.fstat(0), os.fstat(1), os.fstat(2)
print("a result", flush=True)
sys.stderr.write("a message")
sys.stderr.flush()
with open(sys.argv[1], "w") as file:
    print(file.fileno() > 2, file=file)
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere_and_their_numbers_are_not_used_again(closed, tmp_path):
    command = f'"$0" -c "$1" "$2" {closed}'
    result = subprocess.run(["sh", "-c", command, sys.executable, CLOSED, str(tmp_path / "file")], check=False)
    assert result.returncode == 0
    assert (tmp_path / "file").read_text() == "True\n"


@pytest.mark.parametrize(
    "error", [MemoryError(), MemoryError("Unable to allocate"), RuntimeError("can't start new thread")]
)
def test_a_lack_of_memory_is_a_sentence(error):
    assert "too little memory" in message_of(error)


def test_a_library_that_is_missing_is_named():
    error = ModuleNotFoundError("No module named 'xgboost'", name="xgboost")
    assert message_of(error).startswith("A library is not installed: xgboost\n")
    assert "make setup" in message_of(error)


@pytest.mark.parametrize(
    "error", [RuntimeError("a fault of ours"), ModuleNotFoundError(name="transferpain.gone"), ImportError("a name")]
)
def test_what_only_a_developer_can_mend_has_no_message(error):
    assert message_of(error) == ""


def test_a_pipe_is_read_until_its_reader_has_gone():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        assert is_read(stream)
        os.close(reader)
        assert not is_read(stream)
