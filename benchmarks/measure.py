"""What the benchmarks share: contestants in turn, medians, and a result file that says where it was measured."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from transferpain.core.schema import write_stamped
from transferpain.experiments.environment import environment

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured value and the target that it is held against; without a target it is only reported."""

    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def target(self) -> str:
        """The target in words, empty without one."""
        if self.least is not None:
            return f"at least {self.least:g}{self.unit and ' ' + self.unit}"
        return "" if self.most is None else f"at most {self.most:g}{self.unit and ' ' + self.unit}"

    @property
    def met(self) -> bool | None:
        """Whether the target is met; `None` without one."""
        if self.least is not None:
            return bool(self.value >= self.least)
        return None if self.most is None else bool(self.value <= self.most)

    def facts(self) -> dict:
        """Return the figure as JSON types."""
        return asdict(self) | {"value": float(self.value), "target": self.target, "met": self.met}


def in_turn(contestants: dict[str, Callable[[], object]], repetitions: int) -> dict[str, list[float]]:
    """Time the contestants one after the other, A B A B ..., so that all see the same changes of the machine.

    Returns:
        The seconds of every repetition.
    """
    seconds = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, call in contestants.items():
            started = time.monotonic()
            call()
            seconds[name].append(time.monotonic() - started)
    return seconds


def speed_ratio(seconds: dict[str, list[float]], one: str, other: str) -> float:
    """Return how fast `one` is, as a multiple of `other`, by the medians of their times for the same work."""
    return statistics.median(seconds[other]) / statistics.median(seconds[one])


def speeds(seconds: dict[str, list[float]], units: dict[str, int]) -> dict[str, float]:
    """Return the median units per second of every contestant."""
    return {name: units[name] / statistics.median(times) for name, times in seconds.items()}


def main(name: str, measure: Callable[[Path, bool], dict]) -> None:
    """Run one benchmark as a program and write `<out>/<name>.json`.

    Args:
        measure: takes an empty folder and whether to use sizes that only show that the script works; returns
            `figures`, a list of `Figure`, and whatever else belongs into the file.
    """
    parser = argparse.ArgumentParser(description=f"Benchmark: {name}.")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that the script works, no more")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), arguments.quick)
    figures = [figure.facts() for figure in result.pop("figures")]
    facts = {"name": name, "quick": arguments.quick, "figures": figures, **result, "environment": environment()}
    write_stamped(arguments.out / f"{name}.json", facts)
