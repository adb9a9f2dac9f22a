"""How long the command line and the package take to answer when there is nothing to compute."""

import statistics
import subprocess
import sys
from pathlib import Path

import yaml

from benchmarks.measure import Figure, in_turn, main
from tests.small_study import STUDY, write_small_study

REPETITIONS = 9
# Of textures and a linear head, which takes seconds to compute.
FEW = {"protocol": {"folds": 2}, "faces": {"size": 64}, "head": {"kind": "logistic_regression"}}
WITHOUT_NETWORK = {name: STUDY[name] for name in ("study", "title", "question", "data_root")}
WITHOUT_NETWORK |= {"twins": {"biovid": STUDY["twins"]["biovid"] | {"levels": ["BL1", "PA4"]}}}
WITHOUT_NETWORK |= {"experiments": {"texture": {"experiment": "biovid-texture", "set": FEW}}}


def measure(folder: Path, quick: bool) -> dict:
    study = write_small_study(folder / "experiments")
    if quick:
        study.write_text(yaml.safe_dump(WITHOUT_NETWORK), encoding="utf-8")
    run = ["run", study, "--workspace", folder]
    call(*run)  # computes everything that the no-op runs find
    repetitions = 1 if quick else REPETITIONS
    calls = {
        "pass": lambda: python("pass"),
        "import": lambda: python("import transferpain"),
        "--help": lambda: call("--help"),
        "no-op run": lambda: call(*run),
    }
    seconds = in_turn(calls, repetitions)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    figures = [
        Figure("the start of Python, which all of these begin with: `python -c pass`", medians["pass"], "s"),
        Figure("`import transferpain`", medians["import"], "s", most=0.3),
        Figure("... as a multiple of the start of Python", medians["import"] / medians["pass"]),
        Figure("`transferpain --help`", medians["--help"], "s", most=0.2),
        Figure("... as a multiple of the start of Python", medians["--help"] / medians["pass"]),
        Figure("`transferpain run` of a finished study", medians["no-op run"], "s", most=1.5),
        Figure("... as a multiple of the start of Python", medians["no-op run"] / medians["pass"]),
    ]
    return {"figures": figures, "seconds": seconds}


def call(*arguments: object) -> None:
    """Call the real command line in a process of its own."""
    program = Path(sys.executable).with_name("transferpain")
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


def python(program: str) -> None:
    """Run a program of one line in a Python of its own."""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


if __name__ == "__main__":
    main("startup", measure)
