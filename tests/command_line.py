"""Calls the real command line, as a user does, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


def transferpain(
    *arguments: object, environment: dict[str, str] | None = None, preexec_fn: Callable[[], object] | None = None
) -> subprocess.CompletedProcess:
    """Run `transferpain ARGUMENTS` and return its exit code, standard output and standard error.

    Args:
        environment: variables to add.
        preexec_fn: called in the child before the program starts, e.g. to set limits.
    """
    program = Path(sys.executable).with_name("transferpain")
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=clean_environment() | (environment or {}),
        check=False,
        preexec_fn=preexec_fn,
    )


def clean_environment() -> dict[str, str]:
    """Return the variables of this process without the one that names somebody's data."""
    return {key: value for key, value in os.environ.items() if key != "TRANSFERPAIN_DATA"}


def imported_modules(*arguments: object) -> set[str]:
    """Run `transferpain ARGUMENTS` and return the names of all top-level modules that it imported."""
    script = "import sys; from transferpain.cli.app import main; sys.argv[0] = 'transferpain'; main()"
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}
