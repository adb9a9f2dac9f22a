"""Interlaced video, as camcorders record it: OpenCV's decoder hands such frames on without their picture.

Its FFmpeg refuses to convert a frame whose lines are of two moments, and OpenCV passes on what stood in the memory. The
same FFmpeg can make whole pictures of such frames, where it is asked to filter the file as its source `lavfi`.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.media.medium import UnreadableMedium

VARIABLE = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
INTERLACED_ONLY = r"select=gt(interlace_type\,0)"
# One picture for each frame; those that are whole already pass as they are.
WHOLE_PICTURES = "bwdif=mode=send_frame:deint=interlaced,setfield=prog"
COARSE = 16  # pixels between those that are compared first
# The variable is the process's: who opens a video meanwhile would have it filtered.
_opening = threading.Lock()


def open_capture(path: Path | str, *options: int) -> cv2.VideoCapture:
    """Open a video by OpenCV's FFmpeg; it may be open or not.

    Args:
        options: properties and their values in turn.
    """
    with _opening:
        return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, list(options))


def open_whole_pictures(path: Path) -> cv2.VideoCapture:
    """Open a video so that each frame has the picture of one moment: as many, in the same order, none turned.

    Raises:
        UnreadableMedium: if this build of OpenCV cannot.
        OSError: if there is no such file.
    """
    return _filtered(path, WHOLE_PICTURES)


def is_interlaced(path: Path) -> bool:
    """Tell whether a frame of a video is interlaced; raises as `open_whole_pictures`."""
    capture = _filtered(path, INTERLACED_ONLY)
    there = capture.grab()
    capture.release()
    return there


def are_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two pictures are the same bits."""
    return (
        one.shape == other.shape
        and np.array_equal(one[::COARSE, ::COARSE], other[::COARSE, ::COARSE])
        and np.array_equal(one, other)
    )


def _filtered(path: Path, chain: str) -> cv2.VideoCapture:
    # By its number, because a file's name could be read as a part of the chain.
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with _opening, _source("lavfi"):
            source = f"movie=/proc/self/fd/{opened},{chain}"
            capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    finally:
        os.close(opened)
    if not capture.isOpened():
        raise UnreadableMedium(
            "its frames are the same bits throughout: a still picture, or interlaced, which this decoder cannot show; "
            "convert it with: ffmpeg -i IN -vf bwdif OUT.mp4"
        )
    return capture


@contextmanager
def _source(kind: str) -> Iterator[None]:
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = f"input_format;{kind}"
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
