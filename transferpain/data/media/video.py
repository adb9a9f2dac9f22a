"""Decode a video frame by frame: upright, of square pixels, each frame with its number and its own time."""

import math
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.media.frame_picture import picture_maker
from transferpain.data.media.interlaced import are_same, is_interlaced, open_capture
from transferpain.data.media.medium import Frame, UnreadableMedium, check_file
from transferpain.data.media.packets import is_trimmed, packet_times
from transferpain.data.media.times import HIGHEST_RATE, ROUNDING

USUAL_RATE = 25.0  # of a video whose header states none


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
    before, asked, seen = _begin(frames, start, length)
    if _are_still(seen) and is_interlaced(path):
        frames = _numbered(_open(path), path, fps, start, interlaced=True)
        before, asked, seen = _begin(frames, start, length)
    if any(frame.image is not None for frame in seen):
        return fps, chain(seen, asked)
    if before < start:
        raise UnreadableMedium(f"the video ends before frame {start}, where the clip begins")
    reached = f" from frame {start} on" if start else ""
    raise UnreadableMedium(f"no frame of the video can be decoded{reached}; its codec is {codec}")


def _begin(frames: Iterator[Frame], start: int, length: int | None) -> tuple[int, Iterator[Frame], list[Frame]]:
    """Return how many frames stand before the start, and those of a span; its first ones, up to the second picture."""
    before = sum(1 for _ in islice(frames, start))
    asked = islice(frames, length)
    seen: list[Frame] = []
    for frame in asked:
        seen.append(frame)
        if sum(one.image is not None for one in seen) == 2:
            break
    return before, asked, seen


def _are_still(frames: list[Frame]) -> bool:
    """Tell whether the pictures are all the same: what interlaced frames show is left from before."""
    pictures = [frame.image for frame in frames if frame.image is not None]
    return bool(pictures) and all(are_same(pictures[0], one) for one in pictures[1:])


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
    capture = open_capture(path, cv2.CAP_PROP_N_THREADS, 1)
    if capture.isOpened():
        # Telephones film sideways and note it.
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        return capture
    undecoded = open_capture(path, cv2.CAP_PROP_FORMAT, -1)
    if undecoded.isOpened():
        raise UnreadableMedium(f"its codec, {codec_of(undecoded)}, is none that can be decoded here")
    raise UnreadableMedium("the file cannot be opened as a video; it may be truncated or of another kind")


def _stated(capture: cv2.VideoCapture) -> int:
    # Without a duration it is far below 0.
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return int(count) if 0 < count < 2**31 else 0


def _numbered(
    capture: cv2.VideoCapture, path: Path, fps: float, start: int, interlaced: bool = False
) -> Iterator[Frame]:
    """Yield every frame of a video; of those before `start` no picture is made."""
    stated, step = _stated(capture), 1 / (USUAL_RATE if math.isnan(fps) else fps)
    picture = picture_maker(capture, path, interlaced)
    number, last, failed, grabs, grabbed = 0, -step, 0, 0, 0
    timed, held, in_order = True, None, None
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
        grabbed += 1
        seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if number == 1 and seconds < last + 1 / HIGHEST_RATE:
            timed = False
        forward = timed and seconds > last
        if forward and held is None and abs(seconds - number * step) > step / 2:
            held = packet_times(path)
        place = _place(held, seconds) if forward else -1
        if place > number and in_order is None:
            # AVI has times of decoding alone: of frames that are shown in another order, each has that of a later one.
            in_order = _count_decoded(path) == len(held)
        if in_order and number < len(held):
            place, seconds, forward = number, float(held[number]), True
        lost = place - number if place >= number else failed if held is None or np.isnan(held).any() else 0
        for missing in range(number, number + lost):
            last = float(held[missing]) if place >= number else last + step
            yield Frame(missing, last if timed else math.nan, None)
        number, failed = number + lost, 0
        last = seconds if forward else last + step
        yield Frame(number, last if timed or number == 0 else math.nan, picture(grabbed) if number >= start else None)
        number += 1
    if timed and held is not None and not np.isnan(held).any() and not is_trimmed(path):
        for seconds in held[held > last + 0.75 * step]:
            yield Frame(number, float(seconds), None)
            number += 1
    capture.release()


def _count_decoded(path: Path) -> int:
    """Return how many frames of a video can be decoded; no picture is made of them."""
    capture, count = _open(path), 0
    while capture.grab():
        count += 1
    capture.release()
    return count


def _place(held: np.ndarray | None, seconds: float) -> int:
    """Return which of the container's frames has a time; -1 if none has."""
    if held is None or not len(held):
        return -1
    place = int(np.searchsorted(held, seconds - ROUNDING))
    return place if place < len(held) and abs(held[place] - seconds) <= ROUNDING else -1
