"""Videos as telephones, browsers and camcorders make them: what OpenCV wrote, with its containers' boxes changed."""

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from tests.data.media.faulty_videos import replace
from transferpain.data.media.medium import Frame

PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def turn_in_header(path: Path, edges: tuple[int, int, int, int] = (0, 1, -1, 0)) -> None:
    """Let the header of an mp4 say how the pictures are shown: turned by a quarter, clockwise, if nothing else is said.

    Args:
        edges: where the upper edge leads, to the right and down, and then where the left one does.
    """
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd") + 4
    height = int.from_bytes(content[header + 80 : header + 84], "big")
    across, down, side, high = (one * 0x10000 for one in edges)
    matrix = (across, down, 0, side, high, 0, height, 0, 0x40000000)
    content[header + 40 : header + 76] = struct.pack(">9i", *matrix)
    replace(path, bytes(content))


def show_at(path: Path, seconds: list[float]) -> None:
    """Let the frames of an mp4 begin at these times; the last one lasts as long as the one before."""
    content = path.read_bytes()
    begin = content.index(b"mdhd") + 16
    scale = int.from_bytes(content[begin : begin + 4], "big")
    ticks = np.round(np.array([*seconds, 2 * seconds[-1] - seconds[-2]]) * scale).astype(int)
    lengths = np.diff(ticks)
    table = struct.pack(">4sII", b"stts", 0, len(lengths)) + b"".join(struct.pack(">II", 1, each) for each in lengths)
    content = change_box(content, b"stts", lambda _: table)
    content = change_box(content, b"edts", lambda box: b"free" + bytes(len(box) - 4))
    begin = content.index(b"mdhd") + 20
    replace(path, content[:begin] + int(ticks[-1]).to_bytes(4, "big") + content[begin + 4 :])


def widen_pixels(path: Path, wide: int, high: int) -> None:
    """Let the header of an mp4 say how wide and high a pixel is."""
    entry = struct.pack(">I4sII", 16, b"pasp", wide, high)

    def with_pixels(box: bytes) -> bytes:
        # After the eight bytes of the table there is one entry, which ends with boxes of its own.
        size = int.from_bytes(box[12:16], "big")
        own = box[16 : 12 + size]
        if b"pasp" in own:
            place = own.index(b"pasp")
            own = own[:place] + entry[4:] + own[place + 12 :]
        else:
            own += entry
        return box[:12] + (len(own) + 4).to_bytes(4, "big") + own + box[12 + size :]

    replace(path, change_box(path.read_bytes(), b"stsd", with_pixels))


def spoil_frame(path: Path, number: int) -> None:
    """Fill the bytes of one frame of an mp4 that OpenCV wrote with zeros, so that it cannot be decoded."""
    content = bytearray(path.read_bytes())
    table = content.index(b"stsz") + 12
    count = int.from_bytes(content[table : table + 4], "big")
    sizes = struct.unpack(f">{count}I", content[table + 4 : table + 4 + 4 * count])
    begin = content.index(b"mdat") + 4 + sum(sizes[:number])
    content[begin : begin + sizes[number]] = bytes(sizes[number])
    replace(path, bytes(content))


def write_browser_video(path: Path, frames: list[np.ndarray]) -> Path:
    """Write uint8 RGB frames as a webm that does not say how long it is, as a browser records."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), 25.0, (width, height))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    # The element of the duration becomes one that is skipped, of the same length.
    content = path.read_bytes().replace(b"\x44\x89\x88", b"\xec\x89\x00", 1)
    path.write_bytes(content)
    return path


def write_bare_stream(path: Path, frames: list[np.ndarray]) -> Path:
    """Write uint8 RGB frames as pictures one behind the other, without a container."""
    pictures = [cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))[1].tobytes() for frame in frames]
    path.write_bytes(b"".join(pictures))
    return path


def change_box(content: bytes, name: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change what stands in a box of an mp4, from its name on, and the sizes of all boxes around it."""
    place = content.index(name)
    size = int.from_bytes(content[place - 4 : place], "big")
    new = change(content[place : place - 4 + size])
    content = content[: place - 4] + (len(new) + 4).to_bytes(4, "big") + new + content[place - 4 + size :]
    for parent in PARENTS:
        around = content.index(parent)
        whole = int.from_bytes(content[around - 4 : around], "big")
        if around < place < around - 4 + whole:
            content = content[: around - 4] + (whole + len(new) + 4 - size).to_bytes(4, "big") + content[around:]
    return content


def stepped(num_frames: int) -> list[np.ndarray]:
    """Return uint8 RGB frames `(64, 96, 3)`, ten at most, that tell their number."""
    return [np.full((64, 96, 3), (25 * number, 100, 100), np.uint8) for number in range(num_frames)]


def numbers_shown(frames: Iterable[Frame]) -> list[int]:
    """Return the numbers that such frames show."""
    return [round(frame.image[20, 20, 0] / 25) for frame in frames]


def write_mpeg2(path: Path, frames: list[np.ndarray]) -> Path:
    """Write uint8 RGB frames, their height a multiple of 32, as MPEG-2: some stand behind what is shown later."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mpg2"), 25.0, (width, height))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def interlace(path: Path, first: int = 0) -> None:
    """Let an MPEG-2 video say that the lines of each frame are of two moments, as a camcorder's are.

    Args:
        first: the place in the file of the first picture that says so.
    """
    content = bytearray(path.read_bytes())
    place, picture = content.find(b"\0\0\1\xb5"), 0
    while place >= 0:
        kind = content[place + 4] >> 4
        if kind == 1:  # of the sequence: progressive_sequence
            content[place + 5] &= ~0x08
        elif kind == 8:  # of a picture: progressive_frame
            content[place + 8] &= 0xFF if picture < first else ~0x80
            picture += 1
        place = content.find(b"\0\0\1\xb5", place + 4)
    replace(path, bytes(content))
