"""From a decoded frame to its picture: of one moment, upright, of square pixels."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.media.interlaced import are_same, is_interlaced, open_whole_pictures
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.packets import is_mirrored

MOST_STRETCHED = 4.0  # pixels are so many times wider than high at most, or higher than wide
# As OpenCV turns the pictures of a header's degrees.
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

Retrieve = Callable[[int], np.ndarray | None]


def picture_maker(capture: cv2.VideoCapture, path: Path, interlaced: bool) -> Retrieve:
    """Return what makes the picture of the frame that was grabbed, uint8 RGB, or `None` if it cannot be decoded.

    It is called with the number of frames that were grabbed so far, this one among them.

    Args:
        capture: an open video, which turns what it decodes upright.
        path: its file.
        interlaced: whether the decoder does not give the pictures of its frames; else that is found out where one is
            the same bits as the one before.

    Raises:
        UnreadableMedium: if the header states pixels that nobody films with.
    """
    wide, high = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    ratio = wide / high if wide > 0 and high > 0 else 1.0
    if not 1 / MOST_STRETCHED <= ratio <= MOST_STRETCHED:
        raise UnreadableMedium(f"its header states pixels {wide:g} wide and {high:g} high")
    angle = int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360
    if angle % 180 == 90:
        ratio = 1 / ratio
    # OpenCV turns a mirrored picture by the angle of its upper edge, and leaves the other edge mirrored.
    flip = (1 if angle % 180 == 90 else 0) if is_mirrored(path) else None
    retrieve = _whole_pictures(path, angle) if interlaced else _watched(capture, path, angle)

    def picture(grabbed: int) -> np.ndarray | None:
        image = retrieve(grabbed)
        if image is None:
            return None
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        if flip is not None:
            image = cv2.flip(image, flip)
        if ratio == 1.0:
            return image
        height, width = image.shape[:2]
        # Enlarged, so that nothing is lost.
        size = (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
        return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)

    return picture


def _watched(capture: cv2.VideoCapture, path: Path, angle: int) -> Retrieve:
    """Return what takes pictures from the decoder, until it gives one twice because frames are interlaced.

    The first two are not compared: if they are the same, the first one shows nothing either.
    """
    before: np.ndarray | None = None
    compared = 0
    asked = False
    whole: Retrieve | None = None

    def retrieve(grabbed: int) -> np.ndarray | None:
        nonlocal before, compared, asked, whole
        if whole is not None:
            return whole(grabbed)
        there, image = capture.retrieve()
        if not there:
            return None
        if not asked and compared > 1 and are_same(before, image):
            asked = True
            whole = _whole_pictures(path, angle) if is_interlaced(path) else None
        before, compared = image, compared + 1
        return image if whole is None else whole(grabbed)

    return retrieve


def _whole_pictures(path: Path, angle: int) -> Retrieve:
    """Return what takes pictures of interlaced frames, turned as the decoder turns the others."""
    capture, taken = open_whole_pictures(path), 0

    def retrieve(grabbed: int) -> np.ndarray | None:
        nonlocal taken
        there = True
        while there and taken < grabbed:
            there, taken = capture.grab(), taken + 1
        there, image = capture.retrieve() if there else (False, None)
        return cv2.rotate(image, TURNS[angle]) if there and angle in TURNS else image if there else None

    return retrieve
