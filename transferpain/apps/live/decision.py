"""From the answers of the last seconds to a level, and from levels that last to an alert."""

from collections import deque
from dataclasses import dataclass

import numpy as np


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


class SlidingWindow:
    """The answers of the last seconds; each frame with a face counts once, a skipped one with the answer before it."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._answers: deque[tuple[float, np.ndarray]] = deque()

    def add(self, now: float, probabilities: np.ndarray) -> Decision:
        """Take one more answer, `now` in seconds; returns what the window says."""
        self._answers.append((now, probabilities))
        while self._answers[0][0] <= now - self._seconds:
            self._answers.popleft()
        mean = np.mean([answer for _, answer in self._answers], axis=0)
        return Decision(int(mean.argmax()), mean)

    def clear(self) -> None:
        """Forget all answers: they were about another face."""
        self._answers.clear()


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
