"""What an executor is: where the experiments of a matrix are computed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from transferpain.data.places import Places
from transferpain.experiments.schema import Experiment


@dataclass(frozen=True)
class Outcome:
    """What became of an experiment: `error` is what its user reads, "" if it finished."""

    name: str
    error: str


@dataclass(frozen=True)
class Conditions:
    """Under what conditions experiments are computed.

    Attributes:
        folder: where experiments that `source:` names stand.
        places: where data is read from and results are written to.
        logs: folder of their messages, where several are computed at a time.
        jobs: how many are computed at a time.
    """

    folder: Path
    places: Places
    logs: Path
    jobs: int


class Executor(Protocol):
    """Computes experiments, whose sources are there, in any order; one that fails does not stop the others.

    Whatever it is, the same experiments leave the same bits.
    """

    name: str

    def run(self, experiments: Sequence[Experiment], conditions: Conditions) -> Iterator[Outcome]:
        """Compute experiments, and yield what became of each as it ends; whoever closes the iterator ends the rest."""
