"""How long the command line and the package take to answer when there is nothing to compute."""

import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Figure, in_turn, main
from tests.small_study import write_small_study

REPETITIONS = 9


def measure(folder: Path, quick: bool) -> dict:
    run = ("run", write_small_study(folder / "experiments"), "--workspace", folder)
    call(*run)  # computes everything that the no-op runs find
    repetitions = 2 if quick else REPETITIONS
    calls = {"--help": lambda: call("--help"), "no-op run": lambda: call(*run), "import": import_package}
    seconds = in_turn(calls, repetitions)
    figures = [
        Figure("`transferpain --help`", statistics.median(seconds["--help"]), "s", most=1.5),
        Figure("`transferpain run` of a finished study", statistics.median(seconds["no-op run"]), "s", most=1.5),
        Figure("`import transferpain`, with the start of Python", statistics.median(seconds["import"]), "s", most=0.3),
    ]
    return {"figures": figures, "seconds": seconds}


def call(*arguments: object) -> None:
    """Call the real command line in a process of its own."""
    program = Path(sys.executable).with_name("transferpain")
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


def import_package() -> None:
    """Import the package in a process of its own."""
    subprocess.run([sys.executable, "-c", "import transferpain"], check=True, capture_output=True)


if __name__ == "__main__":
    main("startup", measure)
