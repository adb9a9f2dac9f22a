"""The faces stage against loops in as many processes: one that does the same work, and one that decodes and detects."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import Figure, main, speed_ratio
from benchmarks.video_stages import FULL, QUICK, decoded, stage_and_loops
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_detector
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.sources.face_settings import FaceSettings


def measure(folder: Path, quick: bool) -> dict:
    def stage(clips, cache):
        return compute_faces(clips, folder, FaceSettings(), cache)

    loops = {"same work": decode_detect_crop_and_encode, "bare loop": decode_and_detect}
    table, seconds = stage_and_loops(folder, QUICK if quick else FULL, stage, loops)
    frames = int(table["num_frames"].sum())
    figures = [
        Figure(
            "the stage v a loop that decodes, detects, crops and encodes JPEG alike",
            speed_ratio(seconds, "toolkit", "same work"),
            least=0.95,
        ),
        Figure("the stage v a loop that decodes and detects", speed_ratio(seconds, "toolkit", "bare loop")),
        Figure("the stage", frames / float(np.median(seconds["toolkit"])), "frames/s"),
        Figure("a face of 224x224 as JPEG, on average", mean_jpeg_kilobytes(table), "kB", most=30),
    ]
    return {"figures": figures, "seconds": seconds, "frames": frames, "processes": os.cpu_count()}


def decode_and_detect(video: Path) -> None:
    """Do what cannot be left out."""
    detect = load_detector("mediapipe")
    for frame in decoded(video):
        detect(frame)


def decode_detect_crop_and_encode(video: Path) -> int:
    """Do all that the stage does to a frame, and keep nothing; return the number of faces."""
    detect, settings, faces = load_detector("mediapipe"), FaceSettings(), []
    for frame in decoded(video):
        if box := detect(frame):
            faces.append(encode_jpeg(crop_face(frame, box[:4], settings.resolved_margin, settings.size)))
    return len(faces)


def mean_jpeg_kilobytes(table: pd.DataFrame) -> float:
    """Return the mean size of the kept faces."""
    sizes = [len(jpeg) for path in table["faces"] for jpeg in read_faces(Path(path)).jpegs()]
    return float(np.mean(sizes)) / 1000


if __name__ == "__main__":
    main("faces", measure)
