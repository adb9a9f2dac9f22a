"""Distances in a face mesh that action units change, freed from how the head stands and how large it is.

The numbers are MediaPipe's: its mesh has 468 points, and 10 more for the irises, which are not used here. Left and
right are those of the picture.
"""

from typing import NamedTuple

import numpy as np

POINTS = 478
ACROSS, DOWN = 0, 1
# Outer and inner corner of an eye.
LEFT_EYE, RIGHT_EYE = (33, 133), (263, 362)
# Pairs of points, left and right, on the bones beside the face, from the forehead down to the ears.
SIDES = ((54, 284), (21, 251), (162, 389), (127, 356), (234, 454))
FOREHEAD, NOSE_ROOT = 10, 6

EYE_CORNERS = (*LEFT_EYE, *RIGHT_EYE)
UPPER_LIDS, LOWER_LIDS = (158, 159, 160, 385, 386, 387), (144, 145, 153, 373, 374, 380)
INNER_BROWS, OUTER_BROWS = (55, 107, 285, 336), (46, 70, 276, 300)
MIDDLE_BROWS = (52, 105, 282, 334)
CHEEKS = (50, 117, 118, 280, 346, 347)
NOSE_WINGS, NOSE_BASE = (64, 98, 129, 294, 327, 358), (2,)
MOUTH_CORNERS = (61, 291)
UPPER_LIP_OUTER, UPPER_LIP_INNER = (0, 37, 267), (13, 82, 312)
UPPER_LIP_SIDES = (39, 40, 269, 270)
LOWER_LIP_INNER, LOWER_LIP_OUTER = (14, 87, 317), (17, 84, 314)
CHIN = (152,)


class Distance(NamedTuple):
    """How far the middle of the points `to` lies from the middle of the points `start`, along one axis."""

    axis: int
    start: tuple[int, ...]
    to: tuple[int, ...]


DISTANCES = {
    "inner brows above eyes": Distance(DOWN, INNER_BROWS, EYE_CORNERS),
    "middle brows above eyes": Distance(DOWN, MIDDLE_BROWS, EYE_CORNERS),
    "outer brows above eyes": Distance(DOWN, OUTER_BROWS, EYE_CORNERS),
    "gap between brows": Distance(ACROSS, (55, 107), (285, 336)),
    "eye opening": Distance(DOWN, UPPER_LIDS, LOWER_LIDS),
    "upper lids above corners": Distance(DOWN, UPPER_LIDS, EYE_CORNERS),
    "cheeks below eyes": Distance(DOWN, EYE_CORNERS, CHEEKS),
    "nose wings below eyes": Distance(DOWN, EYE_CORNERS, NOSE_WINGS),
    "nose base below eyes": Distance(DOWN, EYE_CORNERS, NOSE_BASE),
    "width of the nose": Distance(ACROSS, (64, 98, 129), (294, 327, 358)),
    "upper lip below nose": Distance(DOWN, NOSE_BASE, UPPER_LIP_OUTER),
    "sides of the upper lip below nose wings": Distance(DOWN, NOSE_WINGS, UPPER_LIP_SIDES),
    "thickness of the upper lip": Distance(DOWN, UPPER_LIP_OUTER, UPPER_LIP_INNER),
    "mouth width": Distance(ACROSS, (61,), (291,)),
    "mouth corners above lower lip": Distance(DOWN, MOUTH_CORNERS, LOWER_LIP_INNER),
    "mouth corners below upper lip": Distance(DOWN, UPPER_LIP_INNER, MOUTH_CORNERS),
    "mouth corners below nose": Distance(DOWN, NOSE_BASE, MOUTH_CORNERS),
    "mouth opening": Distance(DOWN, UPPER_LIP_INNER, LOWER_LIP_INNER),
    "chin below nose": Distance(DOWN, NOSE_BASE, CHIN),
    "chin below lower lip": Distance(DOWN, LOWER_LIP_OUTER, CHIN),
}


def straighten(points: np.ndarray) -> np.ndarray:
    """Turn faces to the front, upright, and scale them.

    Across is where the pairs of points on both sides lie from each other; down is from the forehead to the root of the
    nose and along the sides, as far as it is not across. None of these points moves with the face's muscles much.

    Args:
        points: `(..., 478, 3)`, x and y in pixels and z on the scale of x, smaller towards the camera.

    Returns:
        float64 of the same shape: right, down and away from the camera, in inter-ocular distances from the middle
        between the eyes.
    """
    points = np.asarray(points, np.float64)
    left, right = (points[..., corners, :].mean(axis=-2) for corners in (LEFT_EYE, RIGHT_EYE))
    pairs = np.array((*SIDES, *zip(LEFT_EYE, RIGHT_EYE, strict=True)))
    across = _unit((points[..., pairs[:, 1], :] - points[..., pairs[:, 0], :]).sum(axis=-2))
    ends = points[..., (*SIDES[-1], NOSE_ROOT), :] - points[..., (*SIDES[0], FOREHEAD), :]
    down = ends.sum(axis=-2)
    down = _unit(down - (down * across).sum(axis=-1, keepdims=True) * across)
    turn = np.stack([across, down, np.cross(across, down)], axis=-1)  # (..., 3, 3)
    size = np.linalg.norm(right - left, axis=-1)[..., None, None]
    return (points - ((left + right) / 2)[..., None, :]) @ turn / size


def take_distances(points: np.ndarray) -> np.ndarray:
    """Take the `DISTANCES` of faces.

    Args:
        points: as for `straighten`; NaN where no face was found.

    Returns:
        float64 `(..., len(DISTANCES))` in inter-ocular distances; NaN where no face was found.
    """
    straight = straighten(points)
    taken = [
        straight[..., taken.to, taken.axis].mean(axis=-1) - straight[..., taken.start, taken.axis].mean(axis=-1)
        for taken in DISTANCES.values()
    ]
    return np.stack(taken, axis=-1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
