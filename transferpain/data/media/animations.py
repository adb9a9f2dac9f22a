"""Single files that hold several pictures: animations (GIF, WebP, PNG) and TIFF files of several pages."""

import io
import math
from collections.abc import Iterator
from itertools import accumulate, chain, islice
from pathlib import Path

import numpy as np

from transferpain.core.quiet import standard_error_silenced
from transferpain.data.media.medium import Frame, UnreadableMedium, check_file

PAGED = {".tif", ".tiff"}
MOVING = {".gif", ".webp", ".png", *PAGED}
# A few bytes may state any size; a picture of 8K video has half as many (our choice).
MOST_PIXELS = 1 << 26
# Pillow knows many other kinds, and starts another program for some of them, whatever the file is called.
FORMATS = ("GIF", "WEBP", "PNG", "TIFF", "JPEG", "MPO", "BMP")
LEAST_BYTES = 12  # of a picture among several: a file cannot hold more of them than that, whatever it states
UNTIMED_MS = 100  # as browsers show a picture that states no time
ORIENTATION = 0x0112  # of EXIF, and what makes a picture upright by it: members of Pillow's `Transpose`
UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


def picture_count(path: Path) -> int:
    """Return how many pictures a file holds by its own account; 1 where it is of a kind that holds one, or damaged."""
    from PIL import Image

    if path.suffix.strip().lower() not in MOVING:
        return 1
    try:
        check_file(path)
        with standard_error_silenced(), Image.open(path, formats=FORMATS) as image:
            return _count(image, path.stat().st_size)
    except Exception:  # a damaged picture raises whatever its reader stumbles over
        return 1


def open_animation(path: Path, span: tuple[int, int | None] | None = None) -> tuple[float, Iterator[Frame]]:
    """Return the mean frame rate of a file of several pictures and an iterator over them.

    Returns:
        `(fps, frames)` as `open_video` does; pages have no times, and then the rate is NaN.

    Raises:
        UnreadableMedium: if it is no file, or not one picture of the span can be decoded.
        OSError: if there is no such file.
    """
    check_file(path)
    content = path.read_bytes()
    start, length = span or (0, None)
    if path.suffix.strip().lower() in PAGED:
        fps, frames = math.nan, _pages(content, picture_count(path))
    else:
        fps, frames = _animation(content)
    frames, seen = islice(frames, start, None if length is None else start + length), []
    for frame in frames:
        seen.append(frame)
        if frame.image is not None:
            return fps, chain(seen, frames)
    raise UnreadableMedium("not one picture can be decoded")


def _pages(content: bytes, count: int) -> Iterator[Frame]:
    import cv2

    encoded = np.frombuffer(content, np.uint8)
    for page in range(count):
        try:
            with standard_error_silenced():
                there, images = cv2.imdecodemulti(encoded, cv2.IMREAD_COLOR_RGB, range=(page, page + 1))
        except cv2.error:
            there, images = False, ()
        yield Frame(page, math.nan, images[0] if there and len(images) else None)


def _animation(content: bytes) -> tuple[float, Iterator[Frame]]:
    from PIL import Image

    try:
        with standard_error_silenced():  # its reader warns of large and damaged pictures
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise UnreadableMedium(f"pictures of {image.width}x{image.height} pixels")
            count, turned = _count(image, len(content)), UPRIGHT.get(image.getexif().get(ORIENTATION))
            durations = _durations(image, count)
    except UnreadableMedium:
        raise
    except Exception:  # as of `picture_count`
        return math.nan, iter(())
    begins = [0, *accumulate(durations)]

    def frames() -> Iterator[Frame]:
        for number in range(count):
            try:
                image.seek(number)
                picture = np.array(image.convert("RGB") if turned is None else image.convert("RGB").transpose(turned))
            except Exception:
                picture = None
            yield Frame(number, begins[number] / 1000, picture)

    return 1000 * count / begins[-1], frames()


def _count(image, size: int) -> int:
    return min(getattr(image, "n_frames", 1), size // LEAST_BYTES + 1)


def _durations(image, count: int) -> list[float]:
    """Return how long each picture is shown, in milliseconds."""
    found = []
    for number in range(count):
        try:
            image.seek(number)
            image.load()  # WebP tells it no earlier
        except Exception:
            break
        found.append(image.info.get("duration") or UNTIMED_MS)
    image.seek(0)
    return found + [found[-1] if found else UNTIMED_MS] * (count - len(found))
