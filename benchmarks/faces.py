"""The faces stage against a bare loop that decodes and detects, in as many processes."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from benchmarks.data import twin_clips
from benchmarks.measure import Figure, in_turn, main, speed_ratio
from transferpain.faces.cache import read_faces
from transferpain.faces.detectors import load_detector
from transferpain.faces.settings import FaceSettings
from transferpain.faces.stage import compute_faces
from transferpain.synthetic.settings import TwinSettings


class Sizes(NamedTuple):
    twin: TwinSettings
    repetitions: int


FULL = Sizes(TwinSettings(subjects=8, clips=3, seconds=4), 5)
QUICK = Sizes(TwinSettings(subjects=3, clips=1, seconds=0.3), 1)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    clips = twin_clips(folder, sizes.twin)
    videos = [folder / media for media in clips["media"]]
    tables = []

    def toolkit():
        rmtree(folder / "faces", ignore_errors=True)
        tables.append(compute_faces(clips, folder, FaceSettings(), folder / "faces"))

    def bare_loop():
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            list(pool.map(decode_and_detect, videos))

    seconds = in_turn({"toolkit": toolkit, "bare loop": bare_loop}, sizes.repetitions)
    table = tables[-1]
    frames = int(table["num_frames"].sum())
    figures = [
        Figure("the stage v a bare loop", speed_ratio(seconds, "toolkit", "bare loop"), least=0.8),
        Figure("the stage", frames / float(np.median(seconds["toolkit"])), "frames/s"),
        Figure("a face of 224x224 as JPEG, on average", mean_jpeg_kilobytes(table), "kB", most=30),
    ]
    return {"figures": figures, "seconds": seconds, "frames": frames, "processes": os.cpu_count()}


def decode_and_detect(video: Path) -> int:
    """Do what cannot be left out; return the number of frames."""
    cv2.setNumThreads(1)
    detect = load_detector("mediapipe")
    capture = cv2.VideoCapture(str(video))
    frames = 0
    while (read := capture.read())[0]:
        detect(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
        frames += 1
    return frames


def mean_jpeg_kilobytes(table: pd.DataFrame) -> float:
    """Return the mean size of the kept faces."""
    sizes = [len(jpeg) for path in table["faces"] for jpeg in read_faces(Path(path)).jpegs()]
    return float(np.mean(sizes)) / 1000


if __name__ == "__main__":
    main("faces", measure)
