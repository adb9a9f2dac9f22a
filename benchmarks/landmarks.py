"""The landmarks stage against loops in as many processes: one that does the same work, and one without placing."""

import os
from pathlib import Path

import numpy as np

from benchmarks.measure import Figure, main, speed_ratio
from benchmarks.video_stages import FULL, QUICK, decoded, stage_and_loops
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.inputs.landmarks.stage import compute_landmarks


def measure(folder: Path, quick: bool) -> dict:
    def stage(clips, cache):
        return compute_landmarks(clips, folder, LandmarkSettings(), cache)

    loops = {"same work": decode_follow_and_place, "bare loop": decode_and_follow}
    table, seconds = stage_and_loops(folder, QUICK if quick else FULL, stage, loops)
    frames = int(table["num_frames"].sum())
    figures = [
        Figure(
            "the landmarks stage v a loop that decodes, follows the mesh and places it alike",
            speed_ratio(seconds, "toolkit", "same work"),
            least=0.95,
        ),
        Figure(
            "the landmarks stage v a loop that decodes and follows the mesh",
            speed_ratio(seconds, "toolkit", "bare loop"),
        ),
        Figure("the landmarks stage", frames / float(np.median(seconds["toolkit"])), "frames/s"),
        Figure("drawn frames with a face mesh", int(table["found"].sum()) / frames),
    ]
    return {"figures": figures, "seconds": seconds, "frames": frames, "processes": os.cpu_count()}


def decode_and_follow(video: Path) -> None:
    """Do what cannot be left out."""
    mesh = load_mesh(LandmarkSettings())
    forget_faces(mesh)
    for frame in decoded(video):
        find_points(mesh, frame)


def decode_follow_and_place(video: Path) -> int:
    """Do all that the stage does to a frame, and keep nothing; return the number of faces."""
    mesh = load_mesh(LandmarkSettings())
    forget_faces(mesh)
    faces = [place(points[0]) for points in (find_points(mesh, frame) for frame in decoded(video)) if len(points)]
    return len(faces)


if __name__ == "__main__":
    main("landmarks", measure)
