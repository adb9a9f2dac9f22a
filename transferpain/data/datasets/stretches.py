"""The stretches of media that the rows of a user's own table name: none of two people, none behind a medium's end."""

from itertools import pairwise
from pathlib import Path

import pandas as pd

from transferpain.data.datasets.csv_table import check_rows
from transferpain.data.media.frame_counts import too_short
from transferpain.data.media.paths import resolve_media

ENDLESS = 1 << 31  # of a stretch that ends with its medium


def check_people(path: Path, clips: pd.DataFrame, problems: list[str]) -> None:
    """Refuse frames that are said to be of two subjects, and mention those that several clips of one subject share.

    Args:
        path: of the table, for errors.
        clips: rows of the index, with the lines of the table as their index.
        problems: gets a sentence if clips share frames.

    Raises:
        UserError: with the lines.
    """
    twice = pd.Series(False, index=clips.index)
    sharing: list[str] = []
    for _, rows in clips[clips["media"].duplicated(keep=False)].groupby("media", sort=False):
        begin = rows["first_frame"].where(rows["kind"] == "span", 0)
        end = (begin + rows["num_frames"].where(rows["kind"] == "span")).fillna(ENDLESS)
        order = list(begin.sort_values(kind="stable").index)
        last = order[0]
        for _, line in pairwise(order):
            if begin[line] < end[last]:
                twice[[last, line]] |= rows["subject"][line] != rows["subject"][last]
                sharing.append(f"{rows['clip'][last]} and {rows['clip'][line]}")
            last = line if end[line] >= end[last] else last
    rule = "Frames are said to be of two subjects, who would be one person in both: of each clip one face is followed"
    check_rows(path, clips["subject"] + " in " + clips["clip"], twice, rule)
    if sharing:
        problems.append(f"{len(sharing)} clips have frames that another has, too: {sharing[0]}.")


def check_ends(path: Path, clips: pd.DataFrame, data_root: Path, cache: Path | None) -> None:
    """Refuse spans that begin or end behind the last frame of their video; one that cannot be read is told elsewhere.

    Args:
        path: of the table, for errors.
        clips: as for `check_people`.
        data_root: the folder that `media` is relative to.
        cache: where the numbers of frames are remembered; `None` counts anew.

    Raises:
        UserError: with the lines.
    """
    spans = clips[clips["kind"] == "span"]
    needed = spans["first_frame"] + spans["num_frames"].fillna(1)
    videos = spans["media"].map(lambda media: resolve_media(data_root, media))
    wanted: dict[Path, int] = {}
    for video, frames in zip(videos, needed, strict=True):
        wanted[video] = max(wanted.get(video, 0), int(frames))
    short = too_short(wanted, cache)
    held = videos.map(lambda video: short.get(video, ENDLESS)).astype("int64")
    shown = spans["clip"] + ", of a video of " + held.astype("string") + " frames"
    rule = "A span goes on behind the last frame of its video (start and end are numbers of frames, counted from 0)"
    check_rows(path, shown, needed > held, rule)
