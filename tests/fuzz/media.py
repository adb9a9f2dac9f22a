"""Pictures of each kind, and containers of videos."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.fuzz.reader import Choices, Reader, of_file
from transferpain.core.errors import UserError
from transferpain.core.quiet import standard_error_silenced
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.pictures import open_pictures
from transferpain.data.media.reader import open_moving

REFUSALS = (UserError, UnreadableMedium)
SIDE = 16


def drawn(number: int) -> np.ndarray:
    """Return a picture with a square, brighter from number to number, uint8 `(16, 16, 3)`."""
    picture = np.full((SIDE, SIDE, 3), 40, np.uint8)
    picture[4:12, 4:12] = 60 + 12 * number
    return picture


def encoded(suffix: str, number: int) -> bytes:
    return cv2.imencode(suffix, drawn(number))[1].tobytes()


def filmed(suffix: str, codec: str, first: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, (64, 64))
        for number in range(3):
            writer.write(cv2.resize(drawn(first + number), (64, 64)))
        writer.release()
        return path.read_bytes()


def frames_of_pictures(path: Path) -> list:
    return [frame if frame is None else frame.tobytes() for frame in open_pictures(path)]


def frames_of_video(path: Path) -> list:
    with standard_error_silenced():
        rate, frames = open_moving(path)
        return [
            rate,
            *((one.number, one.seconds, None if one.image is None else one.image.tobytes()) for one in frames),
        ]


def another(contents: tuple[bytes, ...]) -> Callable[[Choices, bytes], bytes]:
    """Return a change to one of the contents, which show something else."""
    return lambda choices, seed: choices.among(contents)


def pictures(suffix: str, inputs: int) -> Reader:
    others = tuple(encoded(suffix, number) for number in range(1, 12))
    return Reader(
        f"picture {suffix}",
        (encoded(suffix, 0),),
        of_file(f"a{suffix}", frames_of_pictures),
        another(others),
        inputs,
        refusals=REFUSALS,
    )


def animated(kind: str, first: int) -> bytes:
    """Return three pictures in one file, a tenth of a second each."""
    pages = [Image.fromarray(drawn(first + number)) for number in range(3)]
    buffer = io.BytesIO()
    pages[0].save(buffer, kind, save_all=True, append_images=pages[1:], duration=100)
    return buffer.getvalue()


def animation(suffix: str, kind: str, inputs: int) -> Reader:
    return Reader(
        f"animation {suffix}",
        (animated(kind, 0),),
        of_file(f"a{suffix}", frames_of_video),
        another(tuple(animated(kind, number) for number in range(1, 6))),
        inputs,
        refusals=REFUSALS,
    )


def video(suffix: str, codec: str, inputs: int) -> Reader:
    others = tuple(filmed(suffix, codec, number) for number in range(1, 6))
    return Reader(
        f"video {suffix}",
        (filmed(suffix, codec, 0),),
        of_file(f"a{suffix}", frames_of_video),
        another(others),
        inputs,
        refusals=REFUSALS,
    )


READERS = (
    *(pictures(suffix, 2500) for suffix in (".png", ".jpg", ".bmp", ".tif")),
    animation(".gif", "GIF", 2000),
    animation(".webp", "WEBP", 2000),
    animation(".tif", "TIFF", 2000),
    video(".mp4", "mp4v", 2000),
    video(".avi", "MJPG", 2000),
    video(".mkv", "mp4v", 2000),
)
