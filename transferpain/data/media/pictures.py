"""Decode a clip of pictures, frame by frame."""

from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import cv2
import numpy as np

from transferpain.core.quiet import standard_error_silenced
from transferpain.data.media.medium import UnreadableMedium, picture_files


def open_pictures(path: Path, span: tuple[int, int | None] | None = None) -> Iterator[np.ndarray | None]:
    """Return an iterator over the pictures of a clip, in the order of time.

    Args:
        path: a folder of pictures, or a single picture.
        span: `(first picture, pictures)`, counted from 0, `None` pictures to the end; `None` for all of them.

    Returns:
        Frames as uint8 RGB `(height, width, 3)`, of 16 bits the upper 8 and without transparency; `None` for a picture
        that cannot be decoded to its end.

    Raises:
        UnreadableMedium: if the folder cannot be read, holds no picture, or not one can be decoded.
    """
    start, length = span or (0, None)
    files = picture_files(path)[start:][:length]
    for number, file in enumerate(files):
        first = decode_picture(file)
        if first is not None:
            return chain(repeat(None, number), [first], map(decode_picture, files[number + 1 :]))
    raise UnreadableMedium("not one picture can be decoded")


def decode_picture(path: Path) -> np.ndarray | None:
    """Return a picture as `open_pictures` does: uint8 RGB, or `None` if it cannot be decoded to its end."""
    try:
        # From memory: OpenCV's own reader fills up pictures that are cut short, and its warnings hold the path.
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
        with standard_error_silenced():
            return cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)
    except (OSError, cv2.error):
        return None
