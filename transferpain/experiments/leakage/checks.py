"""The leakage checks of a run, and the file that keeps what they answered.

Each answers pass, fail, declared or not applicable, with a figure. They look at what the run left behind, not at what
its settings promise; what can only be promised is called declared.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict

from transferpain.core.schema import write_stamped
from transferpain.experiments.leakage.evidence import CheckLine, Evidence
from transferpain.experiments.leakage.registry import CHECKS
from transferpain.strategies.common.stated import Stated, read_stated

FILE = "leakage.json"


class StatedCheck(Stated):
    """A line of `leakage.json`."""

    model_config = ConfigDict(extra="forbid")

    number: int
    name: str
    state: Literal["pass", "fail", "declared", "not applicable"]
    figure: str
    explanation: str


class Checks(Stated):
    """`leakage.json`."""

    checks: list[StatedCheck]


def run_checks(evidence: Evidence) -> tuple[CheckLine, ...]:
    """Run the checks in their order."""
    return tuple(
        CheckLine(number, check.name, **asdict(check.run(evidence)))
        for number, check in enumerate(CHECKS.values(), start=1)
    )


def failed(lines: Sequence[CheckLine]) -> tuple[CheckLine, ...]:
    """Return the checks that failed, in their order."""
    return tuple(line for line in lines if line.state == "fail")


def write_checks(run_folder: Path, lines: Sequence[CheckLine]) -> None:
    """Write `leakage.json` into a run's folder."""
    write_stamped(run_folder / FILE, {"checks": [asdict(line) for line in lines]})


def read_checks(run_folder: Path) -> tuple[CheckLine, ...]:
    """Read `leakage.json` of a run's folder; no line if the run was made before there were checks."""
    path = run_folder / FILE
    return tuple(CheckLine(**line) for line in read_stated(path, Checks)["checks"]) if path.is_file() else ()
