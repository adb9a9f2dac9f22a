"""What a Ray worker does: it starts a process of the toolkit, and passes on what that answers until it ends.

The code itself is sent to the worker, which imports neither the toolkit nor TensorFlow: so a machine that lacks them
says so in an answer. Hence this module uses Python's own libraries alone.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

MODULE = "transferpain.experiments.executors.node"
POLL_SECONDS = 0.2
END_SECONDS = 30.0
# The last lines of what a process wrote that could not even begin.
LINES = 5


def compute(request: str, variables: dict[str, str | None]) -> Iterator[str]:
    """Have works computed in a process of this machine.

    Args:
        request: one line of JSON, which the process reads.
        variables: of its environment; one that is `None` is not set, whatever Ray was started with.

    Yields:
        JSON of `answer` (of the next work) and `seconds` (since the answer before, or since the process was started),
        and in the end of `code` (the process' exit code, negative for a signal), `said` (the end of what it wrote
        outside of logs) and `seconds`.
    """
    since = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],  # not what lies in the folder that Ray was started in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={name: value for name, value in {**os.environ, **variables}.items() if value is not None},
        )
        # Where it could not begin, its exit code and what it said tell why.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
        try:
            for line in _lines(process):
                if "answer" in (answer := _answered(line)):
                    now = time.monotonic()
                    yield json.dumps({"answer": answer["answer"], "seconds": now - since})
                    since = now
        finally:
            _end(process)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()[-LINES:]
    yield json.dumps({"code": process.returncode, "said": "\n".join(lines), "seconds": time.monotonic() - since})


def _answered(line: bytes) -> dict:
    """Return the answer that a line holds; what a library prints is none."""
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        return found if isinstance(found, dict) else {}
    return {}


def _lines(process: subprocess.Popen) -> Iterator[bytes]:
    """Yield the whole lines that a process writes until it ends; in small steps, so that Ray can stop this task."""
    written = b""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], POLL_SECONDS)
        if ready:
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                return
            *whole, written = (written + chunk).split(b"\n")
            yield from whole


def _end(process: subprocess.Popen) -> None:
    """See to it that a process has ended: closing its input asks it to."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
