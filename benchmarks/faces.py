"""The faces stage against a bare loop that decodes and detects, in as many processes."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import Figure, main, speed_ratio
from benchmarks.video_stages import FULL, QUICK, count_frames, stage_and_bare_loop
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.detectors import load_detector
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.sources.face_settings import FaceSettings


def measure(folder: Path, quick: bool) -> dict:
    def stage(clips, cache):
        return compute_faces(clips, folder, FaceSettings(), cache)

    table, seconds = stage_and_bare_loop(folder, QUICK if quick else FULL, stage, decode_and_detect)
    frames = int(table["num_frames"].sum())
    figures = [
        Figure("the stage v a bare loop", speed_ratio(seconds, "toolkit", "bare loop"), least=0.8),
        Figure("the stage", frames / float(np.median(seconds["toolkit"])), "frames/s"),
        Figure("a face of 224x224 as JPEG, on average", mean_jpeg_kilobytes(table), "kB", most=30),
    ]
    return {"figures": figures, "seconds": seconds, "frames": frames, "processes": os.cpu_count()}


def decode_and_detect(video: Path) -> int:
    """Do what cannot be left out; return the number of frames."""
    return count_frames(video, load_detector("mediapipe"))


def mean_jpeg_kilobytes(table: pd.DataFrame) -> float:
    """Return the mean size of the kept faces."""
    sizes = [len(jpeg) for path in table["faces"] for jpeg in read_faces(Path(path)).jpegs()]
    return float(np.mean(sizes)) / 1000


if __name__ == "__main__":
    main("faces", measure)
