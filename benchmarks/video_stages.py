"""What the benchmarks of stages on videos share: the stage in turn with loops over the same videos."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from benchmarks.data import twin_clips
from benchmarks.measure import in_turn
from transferpain.data.synthetic.settings import TwinSettings


class Sizes(NamedTuple):
    twin: TwinSettings
    repetitions: int


FULL = Sizes(TwinSettings(subjects=8, clips=3, seconds=4), 5)
QUICK = Sizes(TwinSettings(subjects=3, clips=1, seconds=0.5), 1)


def stage_and_loops(
    folder: Path,
    sizes: Sizes,
    stage: Callable[[pd.DataFrame, Path], pd.DataFrame],
    loops: dict[str, Callable[[Path], object]],
) -> tuple[pd.DataFrame, dict[str, list[float]]]:
    """Time a stage and loops in as many processes.

    Args:
        folder: gets the AI4Pain twin.
        stage: takes the clips and an empty cache, returns its table.
        loops: by name, each takes a video; functions of a module, because processes call them.

    Returns:
        The stage's table, and the seconds of `toolkit` and of each loop.
    """
    clips = twin_clips(folder, sizes.twin)
    videos = [folder / media for media in clips["media"]]
    tables = []

    def toolkit():
        rmtree(folder / "stage", ignore_errors=True)
        tables.append(stage(clips, folder / "stage"))

    def run(loop: Callable[[Path], object]) -> None:
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            list(pool.map(loop, videos))

    contestants = {"toolkit": toolkit} | {name: lambda loop=loop: run(loop) for name, loop in loops.items()}
    seconds = in_turn(contestants, sizes.repetitions)
    return tables[-1], seconds


def decoded(video: Path) -> Iterator[np.ndarray]:
    """Decode a video with the library that the toolkit decodes with: uint8 RGB `(height, width, 3)`, frame by frame."""
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    while (read := capture.read())[0]:
        yield cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)
