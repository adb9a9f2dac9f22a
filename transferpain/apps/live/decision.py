"""What is remembered of the last seconds, the level that it gives, and the alert when a level lasts."""

from collections import deque
from dataclasses import dataclass

import numpy as np

# A multiple of the numbers of frames that networks read.
TICKS = 960


@dataclass(frozen=True)
class Decision:
    """What is said of the last seconds.

    Attributes:
        level: the most probable class.
        probabilities: float `(classes,)`, their mean over the window.
    """

    level: int
    probabilities: np.ndarray

    @property
    def confidence(self) -> float:
        """Probability of the level."""
        return float(self.probabilities[self.level])


class LastSeconds:
    """What was seen or answered in the last seconds: one entry per frame with a face, of one face only."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._entries: deque[tuple[float, np.ndarray]] = deque()

    def add(self, now: float, entry: np.ndarray) -> None:
        """Take one more frame's entry, `now` in seconds."""
        self._entries.append((now, entry))
        while self._entries[0][0] <= now - self._seconds:
            self._entries.popleft()

    @property
    def entries(self) -> list[np.ndarray]:
        """Those that are remembered, the newest last."""
        return [entry for _, entry in self._entries]

    @property
    def by_time(self) -> list[np.ndarray]:
        """The entry that stood at each of `TICKS` even steps of these seconds, the newest last.

        So many frames a second or another number, frames that were lost and the first second of a session do not
        change the rate at which a stretch is read. Before the first entry, that one stands.
        """
        last = self._entries[-1][0]
        times = np.array([time for time, _ in self._entries])
        ticks = last - self._seconds * np.arange(TICKS - 1, -1, -1) / TICKS
        return [self._entries[place][1] for place in np.searchsorted(times, ticks, side="right").clip(1) - 1]

    def clear(self) -> None:
        """Forget them: they were about another face."""
        self._entries.clear()


def decide(answers: list[np.ndarray]) -> Decision:
    """Return what answers say together, probabilities `(classes,)` each; there is at least one."""
    mean = np.mean(answers, axis=0)
    return Decision(int(mean.argmax()), mean)


class Alert:
    """Raised when a level, or a higher one, has lasted for some seconds without a break.

    A frame without a decision breaks it: who is not seen is not known to be in pain (our choice).
    """

    def __init__(self, level: int, seconds: float):
        self._level, self._seconds = level, seconds
        self._since: float | None = None

    def update(self, now: float, decision: Decision | None) -> bool:
        """Take the next frame's decision, `None` without one; returns whether there is an alert."""
        if decision is None or decision.level < self._level:
            self._since = None
            return False
        self._since = now if self._since is None else self._since
        return now - self._since >= self._seconds
