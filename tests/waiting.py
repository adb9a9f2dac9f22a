"""Waits for an event, however long it takes: no test depends on how fast a machine is."""

import time
from collections.abc import Callable
from typing import Protocol

PATIENCE_SECONDS = 600  # ends a test that would wait for ever; nothing is measured with it
LOOK_SECONDS = 0.005


class Process(Protocol):
    """A started process, such as `subprocess.Popen`."""

    def poll(self) -> int | None:
        """Return its exit code, `None` while it runs."""
        ...


def wait_until(event: Callable[[], bool], process: Process | None = None) -> None:
    """Return once `event` has come.

    Args:
        event: told again and again whether it has.
        process: the one that brings it about.

    Raises:
        AssertionError: if the process ends before.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not event():
        assert process is None or process.poll() is None, "the process ended before the event came"
        assert time.monotonic() < deadline, "the event never came"
        time.sleep(LOOK_SECONDS)
