"""The one way to the frames of a clip, whatever holds them."""

import math
from collections.abc import Iterator
from pathlib import Path

from transferpain.data.media.animations import open_animation
from transferpain.data.media.medium import Frame, Medium
from transferpain.data.media.paths import is_picture
from transferpain.data.media.pictures import open_pictures
from transferpain.data.media.video import open_video


def open_medium(medium: Medium) -> tuple[float, Iterator[Frame]]:
    """Return the frame rate that a medium states, NaN if it states none, and an iterator over its frames.

    Numbers are those of the medium: pictures of a folder are counted from 0 in the order of time.

    Raises:
        UnreadableMedium: if no frame of it can be decoded, with the reason.
        OSError: if it is not there.
    """
    if medium.pictures:
        pictures = open_pictures(medium.path, medium.span)
        start = medium.span[0] if medium.span else 0
        return math.nan, (Frame(number, math.nan, image) for number, image in enumerate(pictures, start=start))
    return open_moving(medium.path, medium.span)


def open_moving(path: Path, span: tuple[int, int | None] | None = None) -> tuple[float, Iterator[Frame]]:
    """Return what `open_medium` does of a video, or of a single file that holds several pictures."""
    return open_animation(path, span) if is_picture(path.name) else open_video(path, span)
