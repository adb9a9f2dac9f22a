"""Where live mode's results go, only where asked for: a video, a CSV file, a window."""

import csv
import os
import sys
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np

from transferpain.apps.live.watch import View
from transferpain.core.csv_file import as_shown
from transferpain.core.errors import UserError

COLUMNS = ("frame", "seconds", "face", "skipped", "level", "label", "confidence", "alert", "latency_ms")
TITLE = "transferpain live"
QUIT = (ord("q"), 27)  # 27: Escape


class VideoFile:
    """An mp4 file that plays as fast as what was seen, even where frames were dropped; a context manager.

    Its size is that of the first frame.
    """

    def __init__(self, path: Path, rate: float):
        self._path, self._rate = path, rate
        self._writer: cv2.VideoWriter | None = None
        self._written = 0

    def __enter__(self) -> "VideoFile":
        return self

    def __exit__(self, *_: object) -> None:
        # Without this, as after a crash, the file has no table of frames and no player opens it.
        if self._writer is not None:
            self._writer.release()

    def write(self, picture: np.ndarray, seconds: float) -> None:
        """Write uint8 RGB `(height, width, 3)`, as often as it takes to reach its time since the first one written.

        Raises:
            UserError: if the file cannot be written.
        """
        if self._writer is None:
            height, width = picture.shape[:2]
            self._size, self._start = (width, height), seconds
            self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter_fourcc(*"mp4v"), self._rate, self._size)
            if not self._writer.isOpened():
                raise _cannot_write(self._path, "OpenCV writes mp4 files into folders that are there")
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        encoded = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        while self._written <= round((seconds - self._start) * self._rate):
            self._writer.write(encoded)
            self._written += 1


class CsvFile:
    """A CSV file with one row per frame: `COLUMNS`, then the probability of each level; a context manager."""

    def __init__(self, path: Path, labels: tuple[str, ...]):
        self._labels = [as_shown(label) for label in labels]  # a stranger's model may call its levels formulas
        self._file: TextIO = open(path, "w", newline="", encoding="utf-8", buffering=1)  # noqa: SIM115 - see __exit__
        self._rows = csv.writer(self._file)
        self._rows.writerow([*COLUMNS, *(as_shown(f"p_{label}") for label in labels)])

    def __enter__(self) -> "CsvFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, view: View) -> None:
        """Write what is known of one frame; what is not known is empty."""
        said = view.decision
        decided = ["", "", ""] if said is None else [said.level, self._labels[said.level], f"{said.confidence:.4f}"]
        shares = [""] * len(self._labels) if said is None else [f"{share:.4f}" for share in said.probabilities]
        when = [view.frame.number, f"{view.frame.seconds:.3f}", int(view.landmarks is not None), int(view.skipped)]
        self._rows.writerow([*when, *decided, int(view.alert), f"{1000 * view.latency:.1f}", *shares])


class Window:
    """A window on the screen; a context manager."""

    def __init__(self):
        """Raises UserError if there is no screen."""
        # Asked for a window without a screen, OpenCV ends the whole process.
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise UserError(
                "There is no screen to open a window on.",
                received="neither DISPLAY nor WAYLAND_DISPLAY is set",
                todo="Give --no-window, and --record or --csv to keep what is seen.",
            )

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_: object) -> None:
        cv2.destroyAllWindows()

    def show(self, picture: np.ndarray) -> bool:
        """Show uint8 RGB `(height, width, 3)`; returns whether to go on: not after q, Escape, or closing the window."""
        cv2.imshow(TITLE, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        return cv2.waitKey(1) not in QUIT and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) > 0


def _cannot_write(path: Path, rule: str) -> UserError:
    return UserError(
        "The video cannot be written.", rule=rule, received=path, todo="Name a file in a folder that you may write."
    )
