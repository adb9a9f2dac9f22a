"""The landmarks of one clip, computed in a worker process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from transferpain.inputs.faces.cache import ClipTask, FaceFacts
from transferpain.inputs.faces.clip import measure_clip
from transferpain.inputs.landmarks.cache import write_landmarks
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import Faces, find_faces, forget_faces, load_mesh, mesh_identity
from transferpain.inputs.landmarks.settings import LandmarkSettings


def compute_clip(task: ClipTask, settings: LandmarkSettings, cache: Path) -> tuple[int, str]:
    """Compute the landmarks of one clip in a worker process; as `measure_clip`."""

    def measure(frames: Iterator[np.ndarray | None]) -> list[dict]:
        mesh = load_mesh(settings)
        # What it followed in the clip before must not matter.
        forget_faces(mesh)
        return [{"found": False} if frame is None else _row(find_faces(mesh, frame)) for frame in frames]

    def write(path: Path, facts: FaceFacts, rows: list[dict]) -> None:
        write_landmarks(path, facts, rows, settings.blendshapes)

    return measure_clip(task, measure, mesh_identity(), write, cache)


def _row(faces: Faces) -> dict:
    if not len(faces.points):
        return {"found": False}
    return {"found": True, **place(faces.points[0])._asdict(), "blendshapes": faces.blendshapes[0]}
