"""Decode a video frame by frame: upright, of square pixels, each frame with its number and its own time."""

import math
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.media.medium import Frame, UnreadableMedium, check_file
from transferpain.data.media.packets import is_trimmed, packet_times
from transferpain.data.media.times import HIGHEST_RATE, ROUNDING

USUAL_RATE = 25.0  # of a video whose header states none
MOST_STRETCHED = 4.0  # pixels are so many times wider than high at most, or higher than wide


def open_video(path: Path, span: tuple[int, int | None] | None = None) -> tuple[float, Iterator[Frame]]:
    """Return the frame rate that the header states and an iterator over the frames.

    A frame that cannot be decoded has its number and time as others have. Only decoding tells how many frames there
    are: headers of real recordings state 0 or a wrong number.

    Args:
        path: the video.
        span: `(first frame, frames)`, counted from 0, `None` frames to the end; `None` for the whole video.

    Returns:
        `(fps, frames)`: frames per second, NaN where the header states none between 0 and 1000; and the frames, at
        least one of which can be decoded. Without a container, or with impossible times, frames but the first have no
        time.

    Raises:
        UnreadableMedium: if it is no file, or an empty one, or no video; if it ends before the span, or not one frame
            of the span can be decoded.
        OSError: if there is no such file.
    """
    check_file(path)
    start, length = span or (0, None)
    capture = _open(path)
    rate, codec = capture.get(cv2.CAP_PROP_FPS), codec_of(capture)
    fps = rate if 0 < rate < HIGHEST_RATE else math.nan
    frames = _numbered(capture, path, fps, start)
    before = sum(1 for _ in islice(frames, start))
    asked = islice(frames, length)
    seen = []
    for frame in asked:
        seen.append(frame)
        if frame.image is not None:
            return fps, chain(seen, asked)
    if before < start:
        raise UnreadableMedium(f"the video ends before frame {start}, where the clip begins")
    reached = f" from frame {start} on" if start else ""
    raise UnreadableMedium(f"no frame of the video can be decoded{reached}; its codec is {codec}")


def stated_frames(path: Path) -> int:
    """Return how many frames a video's header states, else how many its container holds; 0 if it cannot be opened."""
    try:
        check_file(path)
        capture = _open(path)
    except (UnreadableMedium, OSError):
        return 0
    stated = _stated(capture)
    capture.release()
    return stated or len(packet_times(path))


def count_frames(path: Path) -> int:
    """Return how many frames `open_video` gives of a video that it can open: it is decoded, and no picture is made.

    Raises:
        UnreadableMedium, OSError: as `open_video`.
    """
    check_file(path)
    capture = _open(path)
    rate = capture.get(cv2.CAP_PROP_FPS)
    return sum(1 for _ in _numbered(capture, path, rate if 0 < rate < HIGHEST_RATE else math.nan, start=sys.maxsize))


def stated_rate(path: Path) -> float:
    """Return the frames a second that a video's header states; 0 if it states none, or cannot be opened."""
    try:
        check_file(path)
        capture = _open(path)
    except (UnreadableMedium, OSError):
        return 0.0
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate if math.isfinite(rate) and rate > 0 else 0.0


def codec_of(capture: cv2.VideoCapture) -> str:
    """Return the four letters of an open video's codec."""
    number = int(capture.get(cv2.CAP_PROP_FOURCC))
    letters = "".join(chr(number >> shift & 255) for shift in (0, 8, 16, 24)).strip("\0 ")
    return letters if letters.isascii() and letters.isprintable() and letters else "unknown"


def _open(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if capture.isOpened():
        # Telephones film sideways and note it.
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        return capture
    undecoded = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    if undecoded.isOpened():
        raise UnreadableMedium(f"its codec, {codec_of(undecoded)}, is none that can be decoded here")
    raise UnreadableMedium("the file cannot be opened as a video; it may be truncated or of another kind")


def _stated(capture: cv2.VideoCapture) -> int:
    # Without a duration it is far below 0.
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return int(count) if 0 < count < 2**31 else 0


def _numbered(capture: cv2.VideoCapture, path: Path, fps: float, start: int) -> Iterator[Frame]:
    """Yield every frame of a video; of those before `start` no picture is made."""
    stated, step = _stated(capture), 1 / (USUAL_RATE if math.isnan(fps) else fps)
    square = _square(capture)
    number, last, failed, grabs = 0, -step, 0, 0
    timed, held = True, None
    while True:
        grabs += 1
        if not capture.grab():
            if held is None:
                if number == stated and not failed:
                    break
                held = packet_times(path)
            failed += 1
            # Each grab that fails takes at least one frame from the container, until there is none left.
            if grabs > len(held):
                break
            continue
        seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if number == 1 and seconds < last + 1 / HIGHEST_RATE:
            timed = False
        forward = timed and seconds > last
        if forward and held is None and abs(seconds - number * step) > step / 2:
            held = packet_times(path)
        place = _place(held, seconds) if forward else -1
        lost = place - number if place >= number else failed if held is None or np.isnan(held).any() else 0
        for missing in range(number, number + lost):
            last = float(held[missing]) if place >= number else last + step
            yield Frame(missing, last if timed else math.nan, None)
        number, failed = number + lost, 0
        last = seconds if forward else last + step
        yield Frame(number, last if timed or number == 0 else math.nan, square() if number >= start else None)
        number += 1
    if timed and held is not None and not np.isnan(held).any() and not is_trimmed(path):
        for seconds in held[held > last + 0.75 * step]:
            yield Frame(number, float(seconds), None)
            number += 1
    capture.release()


def _place(held: np.ndarray | None, seconds: float) -> int:
    """Return which of the container's frames has a time; -1 if none has."""
    if held is None or not len(held):
        return -1
    place = int(np.searchsorted(held, seconds - ROUNDING))
    return place if place < len(held) and abs(held[place] - seconds) <= ROUNDING else -1


def _square(capture: cv2.VideoCapture):
    """Return what makes the picture of the frame that was grabbed, uint8 RGB of square pixels, or `None`.

    Raises:
        UnreadableMedium: if the header states pixels that nobody films with.
    """
    wide, high = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    ratio = wide / high if wide > 0 and high > 0 else 1.0
    if not 1 / MOST_STRETCHED <= ratio <= MOST_STRETCHED:
        raise UnreadableMedium(f"its header states pixels {wide:g} wide and {high:g} high")
    if capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180 == 90:
        ratio = 1 / ratio

    def picture() -> np.ndarray | None:
        there, image = capture.retrieve()
        if not there:
            return None
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        if ratio == 1.0:
            return image
        height, width = image.shape[:2]
        # Enlarged, so that nothing is lost.
        size = (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
        return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)

    return picture
