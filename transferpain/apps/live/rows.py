"""The features of the last seconds, as a head that reads more than one frame was trained to read them."""

from collections import deque

import numpy as np

from transferpain.inputs.features.windows import spread_frames
from transferpain.strategies.frozen.joined import JoinedModel

ROUNDING = 1e-6  # seconds; times of frames are sums of fractions


class Rows:
    """One row of features a frame, of one face only; answered as soon as the whole stretch of the training was seen.

    A part of the stretch gets no answer: what was evaluated are whole ones.

    Args:
        model: a head on windows or on means, with its source.
        seconds: the stretch in time, where it is not that of the training: clips may have been shorter.
    """

    def __init__(self, model: JoinedModel, seconds: float | None = None):
        self._model = model
        self.seconds = model.stretch.window.seconds if seconds is None else seconds
        self._rows: deque[tuple[float, np.ndarray]] = deque()
        self._missing = np.full(model.width, np.nan, np.float32)
        self._ticks = _ticks(model, self.seconds)

    def see(self, now: float, face: np.ndarray | None) -> None:
        """Take the next frame's face, uint8 RGB `(size, size, 3)`; `None` where the model's detector sees none."""
        self._add(now, self._missing if face is None else self._model.embed(face[None])[0])

    def hold(self, now: float) -> None:
        """Take a frame that shows what the one before it showed."""
        self._add(now, self._rows[-1][1])

    @property
    def held(self) -> int:
        """How many frames of the last stretch were seen."""
        return len(self._rows)

    @property
    def waiting(self) -> float:
        """Seconds until the stretch has been seen; 0 from then on."""
        seen = self._rows[-1][0] - self._rows[0][0] if self._rows else 0.0
        left = self._length - seen
        return 0.0 if left <= ROUNDING else left

    def answer(self) -> np.ndarray | None:
        """Return the answer to the last seconds, float32 `(classes,)`; `None` until they were seen, or without a face.

        Each row is that of the frame that is nearest in time, as in the training.
        """
        if self.waiting:
            return None
        times = np.array([time for time, _ in self._rows])
        if self._ticks is None:
            chosen = np.flatnonzero(times > times[-1] - self.seconds + ROUNDING)
        else:
            chosen = np.abs(times[:, None] - (times[-1] + self._ticks)).argmin(axis=0)
        stretch = np.stack([self._rows[place][1] for place in chosen])
        return None if np.isnan(stretch[:, 0]).all() else self._model.answer_stretch(stretch)

    def clear(self) -> None:
        """Forget them: they were about another face."""
        self._rows.clear()

    @property
    def _length(self) -> float:
        """Seconds from the first frame to the last one of a whole stretch."""
        if self._ticks is not None:
            return float(-self._ticks[0])
        # Without a rate of its own, a stretch of a film has one frame less than fit into its seconds.
        times = [time for time, _ in self._rows]
        return self.seconds - (float(np.median(np.diff(times))) if len(times) > 1 else 0.0)

    def _add(self, now: float, row: np.ndarray) -> None:
        self._rows.append((now, row))
        while len(self._rows) > 1 and self._rows[1][0] <= now - self.seconds:
            self._rows.popleft()


def _ticks(model: JoinedModel, seconds: float) -> np.ndarray | None:
    """Return when the rows of a stretch are, float64 `(rows,)`, ascending, 0 is now; `None` where each frame is one."""
    features = model.stretch.features
    if features.fps is not None:
        return -np.arange(max(1, round(seconds * features.fps)) - 1, -1, -1) / features.fps
    if features.frames is not None:
        steps = 10 * features.frames  # fine enough that each is the middle of its share
        return (spread_frames(steps, features.frames) + 1 - steps) / steps * seconds
    return None


def describe_undecided(seconds: float, rate: float, came: int, whole: bool) -> str:
    """Say why a head on several frames decided nothing in a whole session.

    Args:
        seconds: the stretch that it reads.
        rate: frames per second of the source.
        came: most frames of one stretch that were seen.
        whole: whether these were a whole one.
    """
    if whole:
        return (
            f"No decision: whenever a whole stretch of {seconds:g} s had been seen, there was no face that the model "
            "could answer to."
        )
    return (
        f"No decision: the head reads {seconds:g} s together, about {max(1, round(seconds * rate))} frames of this "
        f"source, and {came} came. Watch longer; or, where the clips of its training were shorter, --clip SECONDS "
        "says how long."
    )
