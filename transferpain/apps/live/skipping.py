"""Which frames are looked at closely: one that shows what the last one showed keeps its answer (El-Ghaish)."""

from typing import Literal

import numpy as np

from transferpain.inputs.landmarks.geometry import place

Rule = Literal["interocular", "paper", "none"]

PAPER_THRESHOLD = 0.05  # of the frame's width and height, Algorithm 1
# Our choice: the paper's threshold is 11 pixels of 224, so that it skips practically every frame.
INTEROCULAR_THRESHOLD = 0.02
LOOK_EVERY = 10


class FrameSkipper:
    """Tells for one frame after the other whether it can be skipped.

    El-Ghaish's Algorithm 1: a frame is skipped if its landmarks moved little since the last frame that was not, and it
    is no tenth frame. The algorithm counts all frames, from 1; here frames with a face count, from the first, which is
    always looked at (our choice: no answer stands before it). "Moved little" is the mean absolute displacement of all
    coordinates; the mean of signed ones would cancel, our reading. By the rule `paper` it is measured in the frame, so
    that its meaning changes with how near the face is; by `interocular` in distances between the eyes, after the head's
    own movement is taken out.
    """

    def __init__(self, rule: Rule = "interocular"):
        self._rule = rule
        self._reference: np.ndarray | None = None
        self._count = 0

    def skip(self, pixels: np.ndarray, width: int, height: int) -> bool:
        """Decide on the next frame with a face.

        Args:
            pixels: float32 `(478, 3)`, the landmarks in pixels of the frame.
            width, height: of the frame.
        """
        count, self._count = self._count, self._count + 1
        if self._rule == "none":
            return False
        if self._rule == "paper":
            landmarks, threshold = pixels / np.float32((width, height, width)), PAPER_THRESHOLD
        else:
            landmarks, threshold = place(pixels).points, INTEROCULAR_THRESHOLD
        still = self._reference is not None and np.abs(landmarks - self._reference).mean() < threshold
        if still and count % LOOK_EVERY != 0:
            return True
        self._reference = landmarks
        return False

    def forget(self) -> None:
        """Look closely at the next frame, whatever it shows: the face was gone, or is another one."""
        self._reference = None
