"""Calls the program whose numbers are recorded: its command line, and over HTTP its server."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# The one place that says how the program is started; a tree that starts it otherwise sets the variable.
COMMAND = shlex.split(os.environ.get("TRANSFERPAIN_COMMAND", "")) or [
    str(Path(sys.executable).with_name("transferpain"))
]
TREE = Path(__file__).parents[2]
SECONDS_TO_START = 180


class ProgramError(Exception):
    """A command that failed, with what it wrote."""


def environment() -> dict[str, str]:
    """Return the environment of the program: it runs from the tree that this file stands in, on its own data."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("TRANSFERPAIN_DATA", "TRANSFERPAIN_TOKEN")
    }
    path = os.pathsep.join(filter(None, (str(TREE), os.environ.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path}


def run_installed(words: list[str], workspace: Path) -> subprocess.CompletedProcess:
    """Run the installed program to its end, in the workspace."""
    return subprocess.run(
        [*COMMAND, *words], cwd=workspace, env=environment(), capture_output=True, text=True, check=False
    )


run_to_end: Callable[[list[str], Path], subprocess.CompletedProcess] = run_installed  # a test forks it


def run_program(workspace: Path, *arguments: object) -> str:
    """Run a command in the workspace and return its standard output.

    Raises:
        ProgramError: if it fails.
    """
    words = list(map(str, arguments))
    result = run_to_end(words, workspace)
    if result.returncode:
        raise ProgramError(f"{' '.join(words)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


@contextmanager
def served(workspace: Path, bundle: Path) -> Iterator[str]:
    """Serve a bundle for a while; gives the address.

    Raises:
        ProgramError: if the server does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*COMMAND, "serve", str(bundle), "--port", str(port), "--rate", "1000"]
    process = subprocess.Popen(
        command, cwd=workspace, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(process, address)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def ask(address: str, body: bytes | None = None, kind: str = "image/png") -> tuple[int, Any]:
    """Return the status and the JSON of an answer; with a body it is a POST."""
    request = urllib.request.Request(address, body, {"Content-Type": kind} if body is not None else {})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def _wait_until_up(process: subprocess.Popen, address: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            ask(f"{address}/healthz")
            return
        except OSError:
            time.sleep(0.1)
    raise ProgramError(f"the server ended with {process.poll()} before it answered")
