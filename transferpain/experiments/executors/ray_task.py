"""What a Ray worker does: it starts a process of the toolkit, waits for it, and returns what that answered.

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

MODULE = "transferpain.experiments.executors.node"
POLL_SECONDS = 0.2
END_SECONDS = 30.0
# The last lines of what a process wrote that could not even begin.
LINES = 5


def compute(request: str, variables: dict[str, str | None]) -> str:
    """Have a work computed in a process of this machine.

    Args:
        request: one line of JSON, which the process reads.
        variables: of its environment; one that is `None` is not set, whatever Ray was started with.

    Returns:
        JSON of `answer` (what the process answered; missing without an answer), `code` (its exit code, negative for
        a signal), `said` (the end of what it wrote before its log was opened) and `seconds` (of the process alone).
    """
    started = time.monotonic()
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
            written = _read(process)
        finally:
            _end(process)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()[-LINES:]
    found = {"code": process.returncode, "said": "\n".join(lines), "seconds": time.monotonic() - started}
    return json.dumps(found | _answered(written))


def _answered(written: bytes) -> dict:
    """Return the `answer`: the last whole line; what a library has printed before is none, nor what broke off."""
    with contextlib.suppress(IndexError, ValueError):
        return {"answer": json.loads(written.split(b"\n")[-2])}
    return {}


def _read(process: subprocess.Popen) -> bytes:
    """Return what a process writes until it ends; in small steps, so that Ray can stop this task in between."""
    written = b""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], POLL_SECONDS)
        if ready:
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                return written
            written += chunk


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
