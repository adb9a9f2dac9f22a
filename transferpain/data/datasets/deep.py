"""A look inside the media: which pictures and videos cannot be decoded, and which pictures are black."""

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from transferpain.core.quiet import silence_opencv
from transferpain.data.datasets.describe_frames import describe_frames
from transferpain.data.media.paths import list_pictures, resolve_media


@dataclass(frozen=True)
class Decoded:
    """What a clip's media hold.

    Attributes:
        frames: pictures or frames that could be decoded.
        damaged: files that cannot be decoded, or not to their end.
        black: pictures in which every pixel is black.
        problems: a sentence each; they name the clip, never a path.
    """

    frames: int
    damaged: int = 0
    black: int = 0
    problems: tuple[str, ...] = ()


def decode_clips(clips: pd.DataFrame, data_root: Path, advance: Callable[[int], object]) -> list[Decoded]:
    """Decode all media but those of kind "image_rows", each file once.

    Args:
        clips: rows of an index.
        data_root: the folder that `media` is relative to.
        advance: called with the number of decoded frames after each file.
    """
    silence_opencv()
    media = clips[clips["kind"] != "image_rows"].drop_duplicates("media")
    rows = list(media[["clip", "media", "kind"]].itertuples(index=False))
    found = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for decoded in threads.map(partial(_decode, data_root=data_root), rows):
            advance(decoded.frames)
            found.append(decoded)
    return found


def _decode(row, data_root: Path) -> Decoded:
    path = resolve_media(data_root, row.media)
    return _decode_pictures(row.clip, path) if row.kind == "images" else _decode_video(row.clip, path)


def _decode_pictures(clip: str, path: Path) -> Decoded:
    from PIL import Image

    damaged, black, good = [], [], 0
    for picture in list_pictures(path):
        try:
            # From memory, because Pillow's messages would hold the path.
            with Image.open(io.BytesIO(picture.path.read_bytes())) as image:
                extremes = image.convert("L").getextrema()
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            damaged.append(picture.frame)
            continue
        good += 1
        if extremes == (0, 0):
            black.append(picture.frame)
    problems = []
    if damaged:
        problems.append(f"{clip}: picture cannot be decoded ({describe_frames(damaged)}).")
    if black:
        problems.append(f"{clip}: picture is black ({describe_frames(black)}).")
    return Decoded(good, len(damaged), len(black), tuple(problems))


def _decode_video(clip: str, path: Path) -> Decoded:
    import cv2

    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    stated = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    frames = 0
    while video.grab():
        frames += 1
    video.release()
    if frames == 0:
        return Decoded(0, 1, problems=(f"{clip}: the video cannot be decoded.",))
    if frames < stated:
        return Decoded(frames, 1, problems=(f"{clip}: {frames} of {stated} frames can be decoded.",))
    return Decoded(frames)
