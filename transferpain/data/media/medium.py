"""Where the frames of a clip come from."""

from dataclasses import dataclass, field
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.data.media.paths import list_pictures


class UnreadableMedium(Exception):
    """A medium that yields no frame; the message says why, and names no path."""


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
