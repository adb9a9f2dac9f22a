"""Signals: a stop that a library swallows is raised again, and one that unwinds is left to it."""

import subprocess
import sys
import time

import pytest

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


@pytest.mark.parametrize(("work", "printed"), [(SWALLOWED, ""), (UNWINDING, "cleaned up\n")])
def test_a_stop_is_never_lost_and_never_disturbs_what_cleans_up(work, printed):
    program = [sys.executable, "-c", START.format(work=work.strip())]
    result = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (130, printed)


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
