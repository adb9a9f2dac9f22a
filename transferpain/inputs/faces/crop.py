"""Cut a square face out of a picture."""

import math

import cv2
import numpy as np


def crop_face(image: np.ndarray, box: tuple[float, float, float, float], margin: float, size: int) -> np.ndarray:
    """Cut the square about a box's centre and scale it.

    The side is the longer side of the box times `1 + margin`. Where the square leaves the picture, the
    picture's border is repeated (our choice, not a paper's).

    Args:
        image: uint8 RGB `(height, width, 3)`.
        box: left, top, right, bottom in pixels; may leave the picture.
        margin: enlargement of the square as a share of its side.
        size: side of the result in pixels.

    Returns:
        uint8 RGB `(size, size, 3)`.
    """
    left, top, side = crop_square(box, margin)
    height, width = image.shape[:2]
    if 0 <= left <= width - side and 0 <= top <= height - side:
        square = image[top : top + side, left : left + side]
    else:
        rows, columns = np.arange(side) + top, np.arange(side) + left
        # Clipped positions repeat the border.
        square = image.take(rows.clip(0, height - 1), axis=0).take(columns.clip(0, width - 1), axis=1)
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(square, (size, size), interpolation=interpolation)


def crop_square(box: tuple[float, float, float, float], margin: float) -> tuple[int, int, int]:
    """Return left and top of the square that `crop_face` cuts out, and its side, in whole pixels of the frame."""
    left, top, right, bottom = map(float, box)  # of a cached box float32, in which another pixel would be rounded to
    side = max(1, round(max(right - left, bottom - top) * (1 + margin)))
    return math.floor((left + right - side + 1) / 2), math.floor((top + bottom - side + 1) / 2), side


def points_in_crop(points: np.ndarray, box: np.ndarray, margin: float, size: int) -> np.ndarray:
    """Return where landmarks of a frame lie in the face that `crop_face` cuts out of it.

    Args:
        points: `(478, 2)` or `(478, 3)`, in pixels of the frame.
        box: left, top, right, bottom; with `margin` and `size` as `crop_face` takes them.

    Returns:
        float `(478, 2)`, in pixels of the crop.
    """
    left, top, side = crop_square(box, margin)
    # Pixel areas are aligned, as in `cv2.resize`.
    return (points[:, :2] - (left, top) + 0.5) * (size / side) - 0.5
