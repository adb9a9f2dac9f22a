"""The landmarks stage against a bare loop that decodes and follows the face mesh, in as many processes."""

import os
from pathlib import Path

import numpy as np

from benchmarks.measure import Figure, main, speed_ratio
from benchmarks.video_stages import FULL, QUICK, count_frames, stage_and_bare_loop
from transferpain.inputs.landmarks.mesh import forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.inputs.landmarks.stage import compute_landmarks


def measure(folder: Path, quick: bool) -> dict:
    def stage(clips, cache):
        return compute_landmarks(clips, folder, LandmarkSettings(), cache)

    table, seconds = stage_and_bare_loop(folder, QUICK if quick else FULL, stage, decode_and_follow)
    frames = int(table["num_frames"].sum())
    figures = [
        Figure("the landmarks stage v a bare loop", speed_ratio(seconds, "toolkit", "bare loop"), least=0.8),
        Figure("the landmarks stage", frames / float(np.median(seconds["toolkit"])), "frames/s"),
        Figure("drawn frames with a face mesh", int(table["found"].sum()) / frames),
    ]
    return {"figures": figures, "seconds": seconds, "frames": frames, "processes": os.cpu_count()}


def decode_and_follow(video: Path) -> int:
    """Do what cannot be left out; return the number of frames."""
    mesh = load_mesh(LandmarkSettings())
    forget_faces(mesh)
    return count_frames(video, mesh.process)


if __name__ == "__main__":
    main("landmarks", measure)
