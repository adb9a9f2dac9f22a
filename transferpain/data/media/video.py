"""Decode a video frame by frame."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.media.medium import UnreadableMedium

HIGHEST_RATE = 1000.0


def open_video(path: Path, span: tuple[int, int | None] | None = None) -> tuple[float, Iterator[np.ndarray]]:
    """Return the frame rate that the header states and an iterator over the frames.

    Only decoding tells how many frames there are: headers of real recordings state 0 or a wrong number.

    Args:
        path: the video.
        span: `(first frame, frames)`, counted from 0, `None` frames to the end; `None` for the whole video.

    Returns:
        `(fps, frames)`: frames per second, NaN where the header states none between 0 and 1000; and frames
        as uint8 RGB `(height, width, 3)`.

    Raises:
        UnreadableMedium: if the file is empty, is no video, ends before the span, or not one frame can be decoded.
    """
    if path.stat().st_size == 0:
        raise UnreadableMedium("the file is empty")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise UnreadableMedium("the file cannot be opened as a video; it may be truncated or of another kind")
    fps = capture.get(cv2.CAP_PROP_FPS)
    start, length = span or (0, None)
    # Every frame before is decoded, because a jump to a frame's number lands beside it in many videos.
    if not all(capture.grab() for _ in range(start)):
        raise UnreadableMedium(f"the video ends before frame {start}, where the clip begins")
    there, first = capture.read()
    if not there:
        reached = f" from frame {start} on" if start else ""
        raise UnreadableMedium(f"no frame of the video can be decoded{reached}")
    return fps if 0 < fps < HIGHEST_RATE else float("nan"), islice(_frames(capture, first), length)


def _frames(capture: cv2.VideoCapture, frame: np.ndarray) -> Iterator[np.ndarray]:
    there = True
    while there:
        yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        there, frame = capture.read()
    capture.release()
