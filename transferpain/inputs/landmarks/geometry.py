"""Landmarks freed from where the face is and how large it is in the picture."""

from typing import NamedTuple

import numpy as np

POINTS = 478  # of the face mesh: 468, and 10 for the irises
# Outer and inner corner of the eye on the left and on the right of the picture.
EYE_CORNERS = ((33, 133), (263, 362))
# In the cache keys: another way to place landmarks is other landmarks.
PLACING = "centred between the eyes, scaled by their distance in space"


class Placed(NamedTuple):
    """Landmarks in inter-ocular distances from the middle between the eyes, and how to get pixels back.

    `points`: `(..., 478, 3)`; `centre`: `(..., 3)` and `interocular`: `(...)`, in pixels.
    """

    points: np.ndarray
    centre: np.ndarray
    interocular: np.ndarray


def place(pixels: np.ndarray) -> Placed:
    """Centre and scale landmarks (El-Ghaish scales them to the frame, where their size says how near a face is).

    An eye is the middle between its two corners, because irises move with the gaze. The distance is taken in x, y and
    z, so that a face does not grow when it turns away. All this is our choice, not the paper's.

    Args:
        pixels: float32 `(..., 478, 3)`, x and y in pixels, z on the same scale.

    Returns:
        The same points placed, float32; `points * interocular + centre` gives the pixels back.
    """
    right, left = (pixels[..., corners, :].mean(axis=-2) for corners in EYE_CORNERS)
    centre = (right + left) / 2
    interocular = np.linalg.norm(left - right, axis=-1)
    return Placed((pixels - centre[..., None, :]) / interocular[..., None, None], centre, interocular)
