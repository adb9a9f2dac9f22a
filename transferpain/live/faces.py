"""One face of several, the same from frame to frame."""

from typing import NamedTuple

import numpy as np

# Another face has to be this much larger before it takes over, so that two of like size do not take turns.
TAKE_OVER = 1.5


class Choice(NamedTuple):
    """The landmarks of the chosen face, `(478, 3)`, and whether it is the one chosen before."""

    pixels: np.ndarray
    same: bool


class FaceChooser:
    """Stays with a face as long as it is there and none is much larger."""

    def __init__(self):
        self._before: np.ndarray | None = None

    def choose(self, faces: np.ndarray) -> Choice | None:
        """Choose in the next frame.

        Args:
            faces: float `(faces, 478, 3)`, landmarks in pixels.

        Returns:
            The face of the frame before where it still is and no other is half as large again, else the largest; `None`
            without a face.
        """
        if not len(faces):
            self._before = None
            return None
        sides = np.sqrt(np.prod(np.ptp(faces[..., :2], axis=1), axis=-1))
        chosen, same = int(sides.argmax()), False
        if self._before is not None:
            moved = np.linalg.norm(faces[..., :2].mean(axis=1) - self._before[:, :2].mean(axis=0), axis=-1)
            nearest = int(moved.argmin())
            there = moved[nearest] < sides[nearest] / 2
            if there and (chosen == nearest or sides[chosen] < TAKE_OVER * sides[nearest]):
                chosen, same = nearest, True
        self._before = faces[chosen]
        return Choice(faces[chosen], same)
