"""Drawn people before a camera, frame by frame."""

import numpy as np

from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look

NOBODY = np.full((BIOVID.height, BIOVID.width, 3), 90, np.uint8)


def drawn_person(number: int = 1, units: dict[str, float] | None = None, **pose: float) -> np.ndarray:
    """Return a picture of an invented person, uint8 RGB `(240, 320, 3)`."""
    return draw_face(seat(BIOVID, invent_look(number), number), units or {}, Pose(**pose))
