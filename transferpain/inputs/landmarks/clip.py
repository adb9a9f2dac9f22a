"""The landmarks of one clip, computed in a worker process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from transferpain.inputs.faces.cache import ClipTask
from transferpain.inputs.faces.clip import measure_clip
from transferpain.inputs.landmarks.cache import write_landmarks
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh, mesh_identity
from transferpain.inputs.landmarks.settings import LandmarkSettings


def compute_clip(task: ClipTask, settings: LandmarkSettings, cache: Path) -> tuple[int, str]:
    """Compute the landmarks of one clip in a worker process; as `measure_clip`."""

    def measure(frames: Iterator[np.ndarray | None]) -> list[dict]:
        mesh = load_mesh(settings)
        # What it followed in the clip before must not matter.
        forget_faces(mesh)
        return [_row(np.empty(0) if frame is None else find_points(mesh, frame)) for frame in frames]

    return measure_clip(task, measure, mesh_identity(), write_landmarks, cache)


def _row(faces: np.ndarray) -> dict:
    return {"found": True, **place(faces[0])._asdict()} if len(faces) else {"found": False}
