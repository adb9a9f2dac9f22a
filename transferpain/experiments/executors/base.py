"""What an executor is: where experiments are computed, each piece of work in a process of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from transferpain.data.places import Places
from transferpain.experiments.schema import Experiment

# The address of Ray that stands for the cluster that this machine belongs to.
AUTO = "auto"
LOCAL = "local"


@dataclass(frozen=True)
class Computing:
    """Where experiments are computed, as the command line says.

    Attributes:
        executor: its name; `None` where a matrix' file names it, or nobody does.
        jobs: how many are computed at a time on this machine.
        address: of the cluster, where the executor has one.
    """

    executor: str | None = None
    jobs: int = 1
    address: str = AUTO

    @property
    def name(self) -> str:
        """Return the executor's name."""
        return self.executor or LOCAL


HERE = Computing()


@dataclass(frozen=True)
class Work:
    """Something that is computed in one piece.

    Attributes:
        name: of this among all that are given at once; its messages stand in a file of that name.
        experiment: whose run it is, or whose clips.
        does: `run` all that is missing of the experiment; `faces` and `features` of some clips alone.
        shards: the clips of it, see `inputs.faces.shards`; none for a run.
        after: names of works that must be finished before.
        seconds: that it is expected to take.
        title: what it is in messages, e.g. `source small-biovid`.
    """

    name: str
    experiment: Experiment
    does: Literal["run", "faces", "features"] = "run"
    shards: tuple[int, ...] = ()
    after: tuple[str, ...] = ()
    seconds: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a work.

    Attributes:
        name: of the work.
        error: what its user reads, "" if it finished.
        because_of: the work without which this one was not begun; "" where it was.
        node: which machine computed it; "" for this one.
        seconds: of its process, where the executor knows that.
    """

    name: str
    error: str
    because_of: str = ""
    node: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Conditions:
    """Under what conditions experiments are computed.

    Attributes:
        folder: where experiments that `source:` names stand.
        places: where data is read from and results are written to.
        logs: folder of their messages, where several are computed at a time.
        jobs: how many are computed at a time on this machine.
        address: of the cluster.
        started: called with a work and the machine that it is begun on, "" for this one.
    """

    folder: Path
    places: Places
    logs: Path
    jobs: int
    address: str = AUTO
    started: Callable[[Work, str], object] = field(default=lambda work, node: None, compare=False)


class Executor(Protocol):
    """Computes works, each after those that it waits for; one that fails does not stop the others.

    Whatever it is, the same experiments leave the same bits.

    Attributes:
        name: as the command line has it.
        many_machines: whether it has more processors than this machine: then faces and features are shared out, and
            sources are trained beside each other.
    """

    name: str
    many_machines: bool

    def room(self, experiments: Sequence[Experiment], conditions: Conditions) -> int:
        """Return how many processes compute such experiments at a time.

        Raises:
            UserError: if there is no machine for them.
        """

    def run(self, works: Sequence[Work], conditions: Conditions) -> Iterator[Outcome]:
        """Compute works, and yield what became of each as it ends; whoever closes the iterator ends the rest.

        Raises:
            UserError: if nothing can be computed at all.
        """
