"""Where the frames of a clip come from."""

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from transferpain.core.errors import UserError
from transferpain.data.media.paths import list_pictures

# Of the caches' keys: another one where frames, their numbers or their times change.
READER = 3
READER_IDENTITY = f"media reader {READER}"


class UnreadableMedium(Exception):
    """A medium that yields no frame; the message says why, and names no path."""


class Frame(NamedTuple):
    """One frame of a medium.

    Attributes:
        number: its place in the medium, counted from 0; frames that cannot be decoded count.
        seconds: its own time since the medium's first frame; NaN where the medium states no times.
        image: uint8 RGB `(height, width, 3)`, upright and of square pixels; `None` if it cannot be decoded.
    """

    number: int
    seconds: float
    image: np.ndarray | None


@dataclass(frozen=True)
class Medium:
    """A video, a stretch of one, or pictures.

    Attributes:
        path: a video, a folder of pictures or a single picture. It may hold a person's name: for opening only.
        pictures: whether it holds pictures.
        span: `(first frame, frames)` of a stretch of a longer video or folder, counted from 0, `None` frames to its
            end; `None` for all of it.
    """

    path: Path = field(repr=False)
    pictures: bool = False
    span: tuple[int, int | None] | None = None


def picture_files(path: Path) -> list[Path]:
    """Return the files of a clip of pictures, in the order of time.

    Args:
        path: a folder of pictures, or a single picture.

    Raises:
        UnreadableMedium: if the folder cannot be read or holds no picture.
    """
    try:
        files = [picture.path for picture in list_pictures(path)]
    except (OSError, UserError):
        # Their messages hold the path.
        raise UnreadableMedium("the folder of pictures cannot be read") from None
    if not files:
        raise UnreadableMedium("the folder holds no picture")
    return files


def check_kind(path: Path) -> None:
    """Refuse what is no plain file: to read a pipe or a device would wait for ever.

    Raises:
        UnreadableMedium: with what stands there.
        OSError: if there is nothing.
    """
    mode = path.stat().st_mode
    kinds = {
        "a folder": stat.S_ISDIR(mode),
        "a pipe (FIFO)": stat.S_ISFIFO(mode),
        "a device": stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
        "a socket": stat.S_ISSOCK(mode),
    }
    for name, is_one in kinds.items():
        if is_one:
            raise UnreadableMedium(f"it is {name}, and no file that holds a video or a picture")


def check_file(path: Path) -> None:
    """Do as `check_kind`, and refuse an empty file."""
    check_kind(path)
    if path.stat().st_size == 0:
        raise UnreadableMedium("the file is empty")
