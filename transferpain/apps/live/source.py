"""Reads frames from a camera, a file or a stream in a thread of its own."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.quiet import silence_opencv
from transferpain.data.media import medium
from transferpain.data.media.reader import open_moving
from transferpain.data.media.times import HIGHEST_RATE
from transferpain.data.media.video import USUAL_RATE

RECORDING_QUEUE = 2
FAILED_READS = 10  # in a row are the end; fewer are corrupt frames
FROZEN_READS = 25  # of the same picture: OpenCV goes on with the last one when a stream changes its size
PATIENCE_MS = 10_000  # with a stream that says nothing
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        image: uint8 RGB `(height, width, 3)`; black in a frame that cannot be decoded.
        number: how many were read before it, dropped ones too; in a recording its place there.
        seconds: its time since the first: in a recording by the recording, of a live source by the clock.
        read_at: when it had been read, or when a recorded one was asked for, `time.monotonic()`.
        decoded: whether it could be decoded; if not, it is a frame without a face.
    """

    image: np.ndarray
    number: int
    seconds: float
    read_at: float
    decoded: bool = True


class FrameSource:
    """The frames of whatever OpenCV opens, read ahead by a thread; a context manager.

    A recording (any file, and an address that states how many frames it has) is read whole, frame by frame; a file as
    all stages read it. Of a live source only the newest frame waits: those that nobody took in time are dropped, so
    that what is shown is what is now. A live source that is cut is opened again, with growing pauses, until it stays
    away.

    Attributes:
        recording: whether it is a recording.
        rate: frames per second that the header states, 25 if it states none between 0 and 1000.
        dropped: frames of a live source that nobody took in time.
        ended: why there are no more frames; empty as long as there may be.
    """

    def __init__(self, place: str, retry_seconds: tuple[float, ...] = RETRY_SECONDS):
        """Open a source.

        Args:
            place: the number of a camera, a file, or the URL of a stream.
            retry_seconds: pauses before each attempt to open a live source again.

        Raises:
            UserError: if it cannot be opened, or yields no frame.
        """
        self._place, self._retry_seconds = place, retry_seconds
        self._capture: cv2.VideoCapture | None = None
        if _is_file(place):
            stated, frames = _open_file(place)
            self.recording, reading = True, (self._read_file, frames)
        else:
            self._capture, first = _open(place)
            # Streams state none, or a number below 0.
            self.recording = not place.isdigit() and self._capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
            stated = self._capture.get(cv2.CAP_PROP_FPS)
            reading = (self._read, first)
        self._timed = 0 < stated < HIGHEST_RATE
        self.rate = stated if self._timed else USUAL_RATE
        self.dropped = 0
        self.ended = ""
        self._waiting: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._started = time.monotonic()
        self._seconds = -1 / self.rate
        self._number = 0
        self._look: np.ndarray | None = None
        self._same = 0
        self._thread = threading.Thread(target=self._run, args=reading, name="frames", daemon=True)
        self._thread.start()

    def __enter__(self) -> "FrameSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until there are no more, or the source is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self.ended)
                if not self._waiting:
                    return
                frame = self._waiting.popleft()
                self._changed.notify_all()
            # A recorded frame was read ahead, so that the time it waited says nothing.
            yield replace(frame, read_at=time.monotonic()) if self.recording else frame

    def close(self) -> None:
        """Stop reading, and give the camera back."""
        with self._changed:
            self._closed = True
            self.ended = self.ended or "closed"
            self._changed.notify_all()
        self._thread.join(timeout=5)

    def _run(self, read: Callable, begun: object) -> None:
        reason = "the recording ended" if self.recording else "the source was cut and did not come back"
        try:
            read(begun)
        except Exception as error:  # a thread's own exceptions reach nobody
            reason = f"reading failed: {error!r}"
        if self._capture is not None:
            self._capture.release()
        with self._changed:
            self.ended = self.ended or reason
            self._changed.notify_all()

    def _read_file(self, frames: Iterator[medium.Frame]) -> None:
        black: np.ndarray | None = None
        waiting: list[medium.Frame] = []
        for frame in frames:
            waiting.append(frame)
            if frame.image is not None:
                black = np.zeros_like(frame.image)
            # Until one can be decoded, nothing tells how large a black picture is.
            while waiting and black is not None and not self._closed:
                one = waiting.pop(0)
                self._number = one.number
                goes_on = one.seconds >= self._seconds + 1 / HIGHEST_RATE
                self._seconds = one.seconds if goes_on else self._seconds + 1 / self.rate
                self._offer(black if one.image is None else one.image, self._seconds, one.image is not None)
            if self._closed:
                return

    def _read(self, first: np.ndarray) -> None:
        image: np.ndarray | None = first
        while image is not None:
            self._read_until_cut(image)
            if self._same == FROZEN_READS:
                self._same += 1  # if it is still the same then, it is a still picture and not a frozen one
            image = None if self._closed or self.recording else self._open_again()

    def _read_until_cut(self, image: np.ndarray | None) -> None:
        failed = 0
        while failed < FAILED_READS and self._same != FROZEN_READS and not self._closed:
            if image is not None:
                self._offer(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), self._next_time(), True)
                before, self._look = self._look, image[::8, ::8].copy()
                same = not self.recording and np.array_equal(before, self._look)
                self._same = self._same + 1 if same else 0
            _, image = self._capture.read()
            failed = failed + 1 if image is None else 0

    def _offer(self, image: np.ndarray, seconds: float, decoded: bool) -> None:
        frame = Frame(image, self._number, seconds, time.monotonic(), decoded)
        self._number += 1
        with self._changed:
            if self.recording:
                self._changed.wait_for(lambda: len(self._waiting) < RECORDING_QUEUE or self._closed)
            else:
                self.dropped += len(self._waiting)
                self._waiting.clear()
            self._waiting.append(frame)
            self._changed.notify_all()

    def _next_time(self) -> float:
        if not self.recording:
            return time.monotonic() - self._started
        stated = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Damaged recordings state no times, or go back.
        forward = self._timed and stated > self._seconds
        self._seconds = stated if forward else self._seconds + 1 / self.rate
        return self._seconds

    def _open_again(self) -> np.ndarray | None:
        """Open a live source that was cut; returns its first frame, or `None` when it was given up or closed."""
        self._capture.release()
        for pause in self._retry_seconds:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, timeout=pause)
            if self._closed:
                break
            with suppress(UserError):
                self._capture, first = _open(self._place)
                return first
        return None


def _is_file(place: str) -> bool:
    """Tell whether a source is a file, or what stands in the place of one."""
    if place.startswith("file://"):
        return True
    return not place.isdigit() and "://" not in place and Path(place).exists()


def _open_file(place: str) -> tuple[float, Iterator[medium.Frame]]:
    """Open a recording; returns its rate, NaN if it states none, and its frames.

    Raises:
        UserError: if that is not possible.
    """
    silence_opencv()
    try:
        return open_moving(Path(unquote(urlsplit(place).path) if place.startswith("file://") else place))
    except medium.UnreadableMedium as error:
        raise _unreadable(place, str(error)) from error
    except OSError as error:
        raise _unreadable(place, error.strerror or str(error)) from error


def _open(place: str) -> tuple[cv2.VideoCapture, np.ndarray]:
    """Open a camera, a file or a stream, and read its first frame.

    Raises:
        UserError: if that is not possible.
    """
    silence_opencv()
    if not place.isdigit() and "://" not in place:
        raise _unreadable(place, "there is no such file")
    patience = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, PATIENCE_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, PATIENCE_MS]
    capture = cv2.VideoCapture(int(place)) if place.isdigit() else cv2.VideoCapture(place, cv2.CAP_FFMPEG, patience)
    if not capture.isOpened():
        raise _unreadable(place, "OpenCV cannot open it")
    # Telephones film sideways and note it.
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    for _ in range(FAILED_READS):
        there, first = capture.read()
        if there:
            return capture, first
    capture.release()
    raise _unreadable(place, "it yields no frame")


def without_password(place: str) -> str:
    """Return the name of a source as it may be shown: a URL without the user and password in it."""
    return re.sub(r"//[^/@]*@", "//", place)


def _unreadable(place: str, why: str) -> UserError:
    return UserError(
        "The source cannot be read.",
        rule="A source is the number of a camera (0 is the first), a video file, or the URL of a stream.",
        received=f"{without_password(place)}: {why}",
        todo="Check the name, that the camera is connected and free, or that the stream plays elsewhere.",
    )
