"""The landmarks of the last seconds, which a fused network reads beside the picture of now."""

from collections import deque

import numpy as np


class Past:
    """The landmarks of one face over the last seconds, of every frame in which it was seen, skipped ones too."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._seen: deque[tuple[float, np.ndarray]] = deque()

    def add(self, now: float, landmarks: np.ndarray) -> None:
        """Take one more frame's, float32 `(478, 3)` in pixels, `now` in seconds."""
        self._seen.append((now, landmarks))
        while self._seen[0][0] <= now - self._seconds:
            self._seen.popleft()

    @property
    def landmarks(self) -> list[np.ndarray]:
        """Those that are remembered, float32 `(478, 3)` each, the newest last."""
        return [landmarks for _, landmarks in self._seen]

    def clear(self) -> None:
        """Forget them: they were another face's."""
        self._seen.clear()
