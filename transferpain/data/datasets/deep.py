"""A look inside the media: which pictures and videos cannot be decoded, and which pictures are black."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.quiet import silence_opencv
from transferpain.data.datasets.dataset import NUMBERS_ALONE
from transferpain.data.datasets.describe_frames import describe_frames
from transferpain.data.media.animations import picture_count
from transferpain.data.media.medium import UnreadableMedium
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
    """Decode all media but those of kind "image_rows" and of `NUMBERS_ALONE`, each file once.

    Args:
        clips: rows of an index.
        data_root: the folder that `media` is relative to.
        advance: called with the number of decoded frames after each file.
    """
    silence_opencv()
    media = clips[~clips["kind"].isin(["image_rows", *NUMBERS_ALONE])].drop_duplicates("media")
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
    from transferpain.data.media.pictures import decode_picture

    damaged, black, paged, good = [], [], [], 0
    for picture in list_pictures(path):
        image = decode_picture(picture.path)
        if image is None:
            damaged.append(picture.frame)
            continue
        good += 1
        if not image.any():
            black.append(picture.frame)
        if picture_count(picture.path) > 1:
            paged.append(picture.frame)
    problems = []
    if damaged:
        problems.append(f"{clip}: picture cannot be decoded ({describe_frames(damaged)}).")
    if black:
        problems.append(f"{clip}: picture is black ({describe_frames(black)}).")
    if paged:
        problems.append(f"{clip}: file of several pictures, of which the first is read ({describe_frames(paged)}).")
    return Decoded(good, len(damaged), len(black), tuple(problems))


def _decode_video(clip: str, path: Path) -> Decoded:
    from transferpain.data.media.reader import open_moving
    from transferpain.data.media.times import is_variable, medium_rate
    from transferpain.data.media.video import stated_frames

    try:
        stated, read = open_moving(path)
        frames = [(frame.number, frame.seconds, frame.image is not None) for frame in read]
    except UnreadableMedium as error:
        return Decoded(0, 1, problems=(f"{clip}: the video cannot be decoded: {error}.",))
    except OSError as error:
        return Decoded(0, 1, problems=(f"{clip}: the video cannot be read: {error.strerror}.",))
    lost = [number for number, _, decoded in frames if not decoded]
    times = np.array([seconds for _, seconds, _ in frames])
    rate = medium_rate(stated, times)
    problems = []
    if lost:
        problems.append(f"{clip}: {len(lost)} of {len(frames)} frames cannot be decoded ({describe_frames(lost)}).")
    expected = stated_frames(path)
    # A header's number is an estimate in many containers: what counts is whether the pictures end before it says.
    if len(frames) < expected and stated > 0 and times[-1] + 1.5 / stated < expected / stated:
        problems.append(f"{clip}: {len(frames) - len(lost)} of {expected} frames can be decoded.")
    is_damaged = bool(problems)
    if not rate > 0:
        problems.append(f"{clip}: the video states no times of its frames.")
    elif is_variable(rate, times):
        problems.append(
            f"{clip}: frames at uneven distances in time, {rate:.4g} a second in the mean; that is no damage."
        )
    return Decoded(len(frames) - len(lost), int(is_damaged), problems=tuple(problems))
