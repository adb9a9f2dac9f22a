"""One person per clip: which of the faces in a frame is the one that is followed."""

import math
from dataclasses import dataclass

import numpy as np

KNOWN_AFTER = 5  # frames; before, a face may be a mistake of the detector, and the next one is followed in its place
# Sizes of its face that a detector finds a frame further on, or where the frames have no times: of its side.
REACH = 0.5
SPEED = 2.0  # sides a second that a head moves while it is not seen
MOST_GROWN = 2.0  # a face of another size than so many times is another one
FORGOTTEN_SECONDS = 2.0  # unseen, another person has left
FORGOTTEN_FRAMES = 50  # the same where frames have no times


@dataclass
class _Seen:
    """Where a face was seen last: left, top, right, bottom in pixels; when; and in how many frames."""

    box: np.ndarray
    frame: int
    seconds: float
    frames: int = 1


class PersonFollower:
    """Stays with the first person of a clip, however near another one comes; what it is told are frames in their order.

    A face is the person's if it is where the person's was, or where the head can have moved to in the meantime, and no
    face of somebody else who was seen beside the person. Begins with the largest face.

    Attributes:
        since: the frame from which on the person was followed, counted from 0.
    """

    def __init__(self):
        self.since = 0
        self._person: _Seen | None = None
        self._others: list[_Seen] = []
        self._frame = -1

    def choose(self, boxes: np.ndarray, seconds: float = math.nan) -> int | None:
        """Choose in the next frame.

        Args:
            boxes: float `(faces, 4)`, left, top, right, bottom in pixels.
            seconds: the frame's time; NaN if it has none.

        Returns:
            The position of the person's face; `None` where it is not among them.
        """
        self._frame += 1
        if not len(boxes):
            return None
        boxes = np.asarray(boxes, dtype=float)
        self._others = [one for one in self._others if not self._is_gone(one, seconds)]
        linked = self._link(boxes, seconds)
        mine = linked.pop(0, None)
        if mine is None:
            mine = self._find(boxes, [place for place in range(len(boxes)) if place not in linked.values()], seconds)
        for known, place in linked.items():
            self._others[known - 1] = self._see(boxes[place], seconds)
        if mine is not None:
            before = self._person.frames if self._person else 0
            self._person = self._see(boxes[mine], seconds, before + 1)
        taken = {mine, *linked.values()}
        self._others += [self._see(boxes[place], seconds) for place in range(len(boxes)) if place not in taken]
        return mine

    def is_expected(self, box: np.ndarray, seconds: float = math.nan) -> bool:
        """Tell, before it is chosen from, whether a face in the next frame is where the person's is expected."""
        return self._person is None or self._distance(self._person, box, seconds, self._frame + 1) < 1

    def _see(self, box: np.ndarray, seconds: float, frames: int = 1) -> _Seen:
        return _Seen(box, self._frame, seconds, frames)

    def _is_gone(self, one: _Seen, seconds: float) -> bool:
        unseen = seconds - one.seconds
        return self._frame - one.frame > FORGOTTEN_FRAMES if math.isnan(unseen) else unseen > FORGOTTEN_SECONDS

    def _link(self, boxes: np.ndarray, seconds: float) -> dict[int, int]:
        """Return which face each known one is, nearest first: 0 is the person, 1 the first of the others."""
        known = [self._person, *self._others]
        pairs = []
        for number, one in enumerate(known):
            for place, box in enumerate(boxes) if one is not None else ():
                far = self._distance(one, box, seconds, self._frame)
                if far < 1:
                    pairs.append((far, number, place))
        linked: dict[int, int] = {}
        for _, number, place in sorted(pairs):
            if number not in linked and place not in linked.values():
                linked[number] = place
        return linked

    def _distance(self, one: _Seen, box: np.ndarray, seconds: float, frame: int) -> float:
        """Return how far a face is from where one was seen: below 1 it may be the same, else infinite."""
        side, before = _side(box), _side(one.box)
        unseen = seconds - one.seconds
        # Between two frames of a video hardly anything moves; between two pictures without times a head may.
        reach = REACH * (frame - one.frame) if math.isnan(unseen) else REACH + SPEED * unseen
        moved = math.dist(_centre(box), _centre(one.box)) / max(reach * min(side, before), 1e-9)
        alike = max(side, before) <= MOST_GROWN * min(side, before)
        return moved if moved < 1 and alike else math.inf

    def _find(self, boxes: np.ndarray, free: list[int], seconds: float) -> int | None:
        """Return the person's face among those that are nobody's, where none is where the person's was."""
        begins = self._person is None or (
            self._person.frames < KNOWN_AFTER and (len(boxes) > 1 or not math.isnan(seconds))
        )
        if free and begins:
            self._person, self.since = None, self._frame
            return max(free, key=lambda place: _side(boxes[place]))
        # Pictures without times may lie far apart: a single face is the person's as long as nobody else was seen.
        if free and math.isnan(seconds) and len(boxes) == 1 and not self._others:
            return free[0]
        return None


def _side(box: np.ndarray) -> float:
    return math.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 1e-9))


def _centre(box: np.ndarray) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
