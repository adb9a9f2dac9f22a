"""The landmarks stage against a bare loop that decodes and follows the face mesh, in as many processes."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.data import twin_clips
from benchmarks.measure import Figure, in_turn, main, speed_ratio
from transferpain.landmarks.mesh import load_mesh, start_anew
from transferpain.landmarks.settings import LandmarkSettings
from transferpain.landmarks.stage import compute_landmarks
from transferpain.synthetic.settings import TwinSettings


class Sizes(NamedTuple):
    twin: TwinSettings
    repetitions: int


FULL = Sizes(TwinSettings(subjects=8, clips=3, seconds=4), 5)
QUICK = Sizes(TwinSettings(subjects=3, clips=1, seconds=0.5), 1)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    clips = twin_clips(folder, sizes.twin)
    videos = [folder / media for media in clips["media"]]
    tables = []

    def toolkit():
        rmtree(folder / "landmarks", ignore_errors=True)
        tables.append(compute_landmarks(clips, folder, LandmarkSettings(), folder / "landmarks"))

    def bare_loop():
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            list(pool.map(decode_and_follow, videos))

    seconds = in_turn({"toolkit": toolkit, "bare loop": bare_loop}, sizes.repetitions)
    table = tables[-1]
    frames = int(table["num_frames"].sum())
    figures = [
        Figure("the landmarks stage v a bare loop", speed_ratio(seconds, "toolkit", "bare loop"), least=0.8),
        Figure("the landmarks stage", frames / float(np.median(seconds["toolkit"])), "frames/s"),
        Figure("drawn frames with a face mesh", int(table["found"].sum()) / frames),
    ]
    return {"figures": figures, "seconds": seconds, "frames": frames, "processes": os.cpu_count()}


def decode_and_follow(video: Path) -> int:
    """Do what cannot be left out; return the number of frames."""
    cv2.setNumThreads(1)
    mesh = load_mesh(LandmarkSettings())
    start_anew(mesh)
    capture = cv2.VideoCapture(str(video))
    frames = 0
    while (read := capture.read())[0]:
        mesh.process(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
        frames += 1
    return frames


if __name__ == "__main__":
    main("landmarks", measure)
