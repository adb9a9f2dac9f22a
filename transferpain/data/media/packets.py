"""Which frames a video's container holds, and when each is shown: read without decoding one of them."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.media.interlaced import open_capture

# Decoders show frames in another order than they stand in the file; none is moved further than this.
REORDERED = 16
HEADER_BYTES = 64 * 2**20
SHORTEST_BOX = 20  # bytes of an edit list of one entry, or of a header's times
UNSHOWN = 0.02  # seconds; less is rounding


def packet_times(path: Path) -> np.ndarray:
    """Return when the frames of a video are shown, in ascending order, whether they can be decoded or not.

    Returns:
        float64 `(frames,)`, seconds since the first; all NaN if the container does not state each one's time, of which
        then only the number counts.
    """
    capture = open_capture(path, cv2.CAP_PROP_FORMAT, -1, cv2.CAP_PROP_N_THREADS, 1)
    times: list[float] = []
    failed = 0
    while failed <= REORDERED:
        if capture.grab():
            # A packet that is damaged so much that it cannot be handed on has a place, and no time.
            times += [np.nan] * failed
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            failed = 0
        else:
            failed += 1
    capture.release()
    known = np.sort([time for time in times if not np.isnan(time)])
    if len(known) < 2 or not (np.diff(known) > 0).all():
        return np.full(len(times), np.nan)
    for place in np.flatnonzero(np.isnan(times)):
        # Its time is missing in the row: where the widest gap is, nearby.
        near = slice(max(0, place - REORDERED), place + REORDERED)
        gaps = np.diff(known[near])
        left = near.start + int(gaps.argmax()) if len(gaps) else len(known) - 1
        middle = known[left : left + 2].mean() if left + 1 < len(known) else known[-1] + np.median(np.diff(known))
        known = np.insert(known, left + 1, middle)
    return known - known[0]


def is_trimmed(path: Path) -> bool:
    """Tell whether an mp4 or mov file says that parts of it are not shown, as telephones do that cut a video.

    Its container holds frames then that no player shows, and their times begin elsewhere.
    """
    header = _header(path)
    track = next((track for track in _boxes(header, b"trak") if b"vide" in track), b"")
    edits, media, movie = (
        next(_boxes(*where), b"") for where in ((track, b"elst"), (track, b"mdhd"), (header, b"mvhd"))
    )
    if min(map(len, (edits, media, movie))) < SHORTEST_BOX:
        return False
    entry = 20 if edits[0] == 1 else 12
    half = entry // 2 - 2
    places = range(8, min(8 + _number(edits, 4, 4) * entry, len(edits) - entry + 1), entry)
    # What begins before the media is a pause.
    shown = [(_number(edits, at, half), begin) for at in places if (begin := _signed(edits, at + half, half)) >= 0]
    first = next(_boxes(track, b"ctts"), b"")
    offset = _number(first, 12, 4) if len(first) >= 16 else 0
    begins_later = any(begin > offset for _, begin in shown)
    (scale, lasts), (movie_scale, _) = _duration(media), _duration(movie)
    left = lasts / max(scale, 1) - sum(length for length, _ in shown) / max(movie_scale, 1)
    return len(shown) > 1 or begins_later or left > UNSHOWN


def is_mirrored(path: Path) -> bool:
    """Tell whether an mp4 or mov file says that its pictures are shown mirrored, as of a telephone's front camera."""
    track = next((track for track in _boxes(_header(path), b"trak") if b"vide" in track), b"")
    header = next(_boxes(track, b"tkhd"), b"")
    matrix = 52 if header[:1] == b"\1" else 40  # its place; a long header has longer times
    if len(header) < matrix + 20:
        return False
    across, down, side, high = (_signed(header, matrix + place, 4) for place in (0, 4, 12, 16))
    return across * high < down * side


def _header(path: Path) -> bytes:
    """Return what the header of an mp4 file holds; nothing of any other file."""
    whole = path.stat().st_size
    with open(path, "rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind, begun = int.from_bytes(head[:4], "big"), head[4:], 8
            if size == 1:
                size, begun = int.from_bytes(file.read(8), "big"), 16
            if not begun <= size <= whole or (kind == b"moov" and size > HEADER_BYTES):
                break
            if kind == b"moov":
                return file.read(size - begun)
            file.seek(size - begun, 1)
    return b""


def _boxes(content: bytes, name: bytes) -> Iterator[bytes]:
    """Yield what each box of a name holds, as deep as it may stand."""
    place = content.find(name)
    while place >= 4:
        size = _number(content, place - 4, 4)
        yield content[place + 4 : place - 4 + size]
        place = content.find(name, place + 4)


def _duration(box: bytes) -> tuple[int, int]:
    """Return the ticks a second and the duration in ticks that a header's box states."""
    return (_number(box, 20, 4), _number(box, 24, 8)) if box[0] == 1 else (_number(box, 12, 4), _number(box, 16, 4))


def _number(box: bytes, place: int, size: int) -> int:
    return int.from_bytes(box[place : place + size], "big")


def _signed(box: bytes, place: int, size: int) -> int:
    return int.from_bytes(box[place : place + size], "big", signed=True)
