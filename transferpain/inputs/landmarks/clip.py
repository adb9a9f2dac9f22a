"""The landmarks of one clip, computed in a worker process."""

from collections.abc import Iterator
from pathlib import Path

from transferpain.data.media.medium import Frame
from transferpain.inputs.faces.cache import ClipTask, FaceFacts
from transferpain.inputs.faces.clip import measure_clip
from transferpain.inputs.landmarks.cache import write_landmarks
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import mesh_identity
from transferpain.inputs.landmarks.person import Found, PersonMesh
from transferpain.inputs.landmarks.settings import LandmarkSettings


def compute_clip(task: ClipTask, settings: LandmarkSettings, cache: Path) -> tuple[int, str]:
    """Compute the landmarks of one clip in a worker process; as `measure_clip`."""

    def measure(frames: Iterator[Frame]) -> list[dict]:
        mesh = PersonMesh(settings)
        rows = [_row(mesh.find(frame)) for frame in frames]
        begun = mesh.person.since
        return [row if number >= begun else _nobody(row["faces"]) for number, row in enumerate(rows)]

    def write(path: Path, facts: FaceFacts, rows: list[dict]) -> None:
        write_landmarks(path, facts, rows, settings.blendshapes)

    return measure_clip(task, measure, mesh_identity(), write, cache)


def _row(found: Found) -> dict:
    if found.points is None:
        return _nobody(found.faces)
    return {
        "found": True,
        "faces": found.faces,
        **place(found.points)._asdict(),
        "blendshapes": found.blendshapes,
    }


def _nobody(faces: int) -> dict:
    """Return the row of a frame without the person, in which so many faces were found."""
    return {"found": False, "faces": faces}
