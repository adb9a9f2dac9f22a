"""What the benchmarks of stages on videos share: the stage in turn with a bare loop over the same videos."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import cv2
import pandas as pd

from benchmarks.data import twin_clips
from benchmarks.measure import in_turn
from transferpain.data.synthetic.settings import TwinSettings


class Sizes(NamedTuple):
    twin: TwinSettings
    repetitions: int


FULL = Sizes(TwinSettings(subjects=8, clips=3, seconds=4), 5)
QUICK = Sizes(TwinSettings(subjects=3, clips=1, seconds=0.5), 1)


def stage_and_bare_loop(
    folder: Path, sizes: Sizes, stage: Callable[[pd.DataFrame, Path], pd.DataFrame], bare: Callable[[Path], int]
) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    """Time a stage and a bare loop in as many processes.

    Args:
        folder: gets the AI4Pain twin.
        stage: takes the clips and an empty cache, returns its table.
        bare: takes a video; a function of a module, because processes call it.

    Returns:
        The stage's table, and the seconds of `toolkit` and `bare loop`.
    """
    clips = twin_clips(folder, sizes.twin)
    videos = [folder / media for media in clips["media"]]
    tables = []

    def toolkit():
        rmtree(folder / "stage", ignore_errors=True)
        tables.append(stage(clips, folder / "stage"))

    def bare_loop():
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            list(pool.map(bare, videos))

    seconds = in_turn({"toolkit": toolkit, "bare loop": bare_loop}, sizes.repetitions)
    return tables[-1], seconds


def count_frames(video: Path, work: Callable) -> int:
    """Decode a video, do `work` on each RGB frame, and return the number of frames."""
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(str(video))
    frames = 0
    while (read := capture.read())[0]:
        work(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
        frames += 1
    return frames
