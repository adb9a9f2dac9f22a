"""How far a command is that computes many works: kept beside its report, for whoever asks from another shell."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.experiments.executors.base import Outcome, Work

FILE = "status.json"
COLUMNS = ["what", "state", "where", "since, or why"]
HEARTBEAT_SECONDS = 5.0
# Who has not written for so long has ended, or cannot write.
SILENT_SECONDS = 60.0
State = Literal["waiting", "running", "done", "failed"]
# Of what is read from the disk: others may write there.
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class WorkState:
    """What is known of a work.

    Attributes:
        name, title: of the work.
        expected: seconds that it is estimated to take.
        node: the machine that it was begun on last; "" for that of the command.
        begun, ended: seconds since 1970; 0 where it has not.
        error: why it failed.
    """

    __pydantic_config__ = STRICT

    name: str
    title: str
    state: State = "waiting"
    expected: float = 0.0
    node: str = ""
    begun: float = 0.0
    ended: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Status:
    """How far a command is.

    Attributes:
        executor: where it computes.
        begun, written: when the command began, and wrote this, in seconds since 1970.
        works: in the order in which they were given.
        is_over: whether the command has seen all of them end.
    """

    __pydantic_config__ = STRICT

    executor: str
    begun: float
    written: float
    works: tuple[WorkState, ...]
    is_over: bool = False

    def count(self, state: State) -> int:
        """Return how many works are in a state."""
        return sum(work.state == state for work in self.works)

    @property
    def seconds_left(self) -> float | None:
        """About how long it will take, by what was finished so far and the estimates; `None` before the first end."""
        ended = [work for work in self.works if work.state in ("done", "failed")]
        if not ended:
            return None
        share = sum(max(work.expected, 1.0) for work in ended) / sum(max(work.expected, 1.0) for work in self.works)
        return (self.written - self.begun) * (1 - share) / share

    @property
    def running_on(self) -> dict[str, list[WorkState]]:
        """Machine -> the works that run there, by name."""
        running = [work for work in self.works if work.state == "running"]
        return {node: [one for one in running if one.node == node] for node in sorted({one.node for one in running})}


class Board:
    """Keeps the status of works on the disk while they are computed.

    Args:
        folder: of the report.
        works: all of them.
        executor: where they are computed.
    """

    def __init__(self, folder: Path, works: Sequence[Work], executor: str):
        self._folder, self._lock = folder, threading.Lock()
        states = tuple(WorkState(work.name, work.title or work.name, expected=work.seconds) for work in works)
        self.status = Status(executor, time.time(), time.time(), states)

    def started(self, work: Work, node: str) -> None:
        """Say that a work was begun, perhaps again."""
        self._change(work.name, state="running", node=node, begun=time.time())

    def ended(self, outcome: Outcome) -> None:
        """Say what became of a work."""
        node = {"node": outcome.node} if outcome.node else {}
        state = "failed" if outcome.error else "done"
        self._change(outcome.name, state=state, error=outcome.error, ended=time.time(), **node)

    def _change(self, name: str, **changes: object) -> None:
        with self._lock:
            works = tuple(replace(one, **changes) if one.name == name else one for one in self.status.works)
            self.status = replace(self.status, works=works)

    def write(self) -> None:
        """Write the status now; where that fails, the works go on."""
        with self._lock:
            over = all(work.state in ("done", "failed") for work in self.status.works)
            self.status = replace(self.status, written=time.time(), is_over=over)
            status = self.status
        with suppress(OSError):
            write_stamped(self._folder / FILE, asdict(status))

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Write it at once, every few seconds, and in the end."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(HEARTBEAT_SECONDS):
                self.write()

        self.write()
        heart = threading.Thread(target=beat, daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()
            self.write()


def read_status(folder: Path) -> Status | None:
    """Return the status that was kept in a report's folder; `None` if there is none, or it is damaged."""
    try:
        return TypeAdapter(Status).validate_python(read_stamped(folder / FILE))
    except (OSError, UserError, ValidationError):
        return None


def find_statuses(reports: Path, report: str | None) -> dict[str, Status]:
    """Return report -> the status that is kept beside it, by name.

    Args:
        reports: the folder of reports.
        report: one of them; `None` for all.

    Raises:
        UserError: if that one has no status, or a damaged one.
    """
    folders = sorted(path.parent for path in reports.glob(f"*/{FILE}"))
    chosen = [folder for folder in folders if report in (None, folder.name)]
    if report is not None and not chosen:
        raise UserError(
            f"No status of {report} is kept.",
            rule="It is, in reports/NAME, for what several processes compute: --jobs 2 or more, or --executor ray.",
            received=f"{reports}: {', '.join(folder.name for folder in folders) or 'none'}",
            todo="Name one of these, or another --workspace.",
        )
    read = {folder.name: read_status(folder) for folder in chosen}
    if report is not None and read[report] is None:
        raise UserError(
            f"The status of {report} cannot be read.",
            rule="It is kept by a command of this version while that computes.",
            received=reports / report / FILE,
            todo="It is written anew as soon as the command is given again.",
        )
    return {name: one for name, one in read.items() if one is not None}


def state_rows(status: Status) -> list[list[str]]:
    """Return the table of works that run or failed; what waits and what is done are counted in `state_lines`."""
    rows = []
    for work in status.works:
        if work.state == "running":
            rows.append([work.title, "running", work.node or "here", duration(status.written - work.begun)])
        elif work.state == "failed":
            rows.append([work.title, "failed", work.node or "here", work.error.partition("\n")[0]])
    return rows


def state_lines(status: Status, now: float | None = None) -> list[str]:
    """Say how many works are done, how long the others will take, and whether anybody still computes them.

    Args:
        now: seconds since 1970; this moment by default.
    """
    counts = [f"{status.count(state)} {state}" for state in ("done", "failed", "running", "waiting")]
    line = f"{status.executor}: {', '.join(counts)}"
    if status.is_over:
        return [f"{line}; it took {duration(status.written - status.begun)}"]
    left = status.seconds_left
    lines = [line if left is None else f"{line}; about {duration(left)} left"]
    silent = (time.time() if now is None else now) - status.written
    if silent > SILENT_SECONDS:
        lines.append(
            f"nothing was heard for {duration(silent)}: the command has ended; given again, it goes on from there"
        )
    return lines


def duration(seconds: float) -> str:
    """Return seconds as people say them: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
