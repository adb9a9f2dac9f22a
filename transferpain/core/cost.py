"""What a run has cost: seconds, and clips passed through the frozen backbone, summed over interrupted sessions."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import make_way

COST = "cost.json"


@dataclass(frozen=True)
class Cost:
    """What all sessions of a run took, its sources not counted: they are runs of their own.

    Attributes:
        seconds: that the sessions lasted, waiting for another process included.
        sessions: how often the run was started, until it was finished.
        clips_embedded: clips that it passed through the frozen backbone; 0 where a network is trained.
        clips_from_cache: clips whose features it found computed, by another run or by `transferpain extract`.
    """

    seconds: float = 0.0
    sessions: int = 0
    clips_embedded: int = 0
    clips_from_cache: int = 0


def read_cost(run: Path) -> Cost | None:
    """Return what a run has cost so far; `None` if it was made before that was written down, or that is damaged."""
    try:
        cost = Cost(**read_stamped(run / COST))
    except (OSError, UserError, TypeError):
        return None
    values = asdict(cost).values()
    is_whole = all(type(value) in (int, float) and 0 <= value < math.inf for value in values)
    return cost if is_whole else None


class Meter:
    """Adds the work of one session to what a run has cost before."""

    def __init__(self, run: Path):
        self._run = run
        before = read_cost(run)
        if before is None:
            if (run / COST).exists():
                note(f"{run / COST} is damaged: what the run cost is counted anew.")
                make_way(run / COST)
            before = Cost()
        self._cost = replace(before, sessions=before.sessions + 1)
        self._counted_until = time.monotonic()

    def count_embedded(self) -> None:
        """Count a clip whose features were computed and written."""
        self._cost = replace(self._cost, clips_embedded=self._cost.clips_embedded + 1)
        self.save()

    def count_needed(self, clips: int) -> None:
        """Say how many clips the run needs the features of: what it did not compute, in any session, it found."""
        self._cost = replace(self._cost, clips_from_cache=max(0, clips - self._cost.clips_embedded))
        self.save()

    def save(self) -> None:
        """Write the cost as it is now, so that a killed session loses only what comes after."""
        now = time.monotonic()
        seconds = round(self._cost.seconds + now - self._counted_until, 3)
        self._cost, self._counted_until = replace(self._cost, seconds=seconds), now
        write_stamped(self._run / COST, asdict(self._cost))


@contextmanager
def measured(run: Path) -> Iterator[Meter]:
    """Measure one session, and write its cost when it ends, by an error or a signal as well."""
    meter = Meter(run)
    meter.save()
    try:
        yield meter
    except BaseException:
        with suppress(OSError):  # the first error is what the user must read
            meter.save()
        raise
    meter.save()
