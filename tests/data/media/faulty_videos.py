"""Videos with something wrong in them, made of whole ones."""

from pathlib import Path

import numpy as np

from tests.inputs.faces.drawing import write_video


def truncate(path: Path) -> None:
    """Leave the first half of a video, as an interrupted copy does."""
    content = path.read_bytes()
    replace(path, content[: len(content) // 2])


def empty(path: Path) -> None:
    """Leave nothing."""
    replace(path, b"")


def show_nobody(path: Path, frames: int = 10) -> None:
    """Show a plain wall at 30 frames per second."""
    path.unlink()
    write_video(path, [np.full((240, 320, 3), 90, np.uint8)] * frames, 30.0)


def state_rate(path: Path, factor: float) -> None:
    """Let the header state another frame rate: multiply the time scale of the track."""
    content = bytearray(path.read_bytes())
    scale = content.index(b"mdhd") + 16
    content[scale : scale + 4] = round(int.from_bytes(content[scale : scale + 4], "big") * factor).to_bytes(4, "big")
    replace(path, bytes(content))


def state_more_frames(path: Path) -> None:
    """Let the header state more frames than there are: it comes first, and half of the pictures are missing."""
    content = path.read_bytes()
    start = content.rindex(b"moov") - 4
    header, pictures = bytearray(content[start:]), content.index(b"mdat") - 4
    places = header.index(b"stco") + 8
    count = int.from_bytes(header[places : places + 4], "big")
    for place in range(places + 4, places + 4 + 4 * count, 4):
        moved = int.from_bytes(header[place : place + 4], "big") + len(header)
        header[place : place + 4] = moved.to_bytes(4, "big")
    data = content[pictures:start]
    replace(path, content[:pictures] + bytes(header) + data[: len(data) // 2])


def replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of one that may have hard links elsewhere."""
    path.unlink()
    path.write_bytes(content)
