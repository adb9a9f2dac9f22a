"""Small clips for the fused network: written into caches, or made in memory."""

from pathlib import Path

import numpy as np

from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.inputs.landmarks.cache import write_landmarks
from transferpain.inputs.landmarks.geometry import EYE_CORNERS, place
from transferpain.strategies.fused.inputs import Clip

SIZE = 32
BOX = (100.0, 60.0, 220.0, 180.0)


def grey(level: int) -> np.ndarray:
    """Return a picture of one grey level, uint8 RGB `(SIZE, SIZE, 3)`."""
    return np.full((SIZE, SIZE, 3), level, np.uint8)


def face_points(random: np.random.Generator, size: float = SIZE) -> np.ndarray:
    """Return landmarks of nobody, float32 `(478, 3)` in pixels, whose eyes stand level and apart in a picture."""
    points = random.uniform(0.2, 0.8, (478, 3)) * size
    for corners, x in zip(EYE_CORNERS, (0.3, 0.7), strict=True):
        points[list(corners)] = (x * size, 0.4 * size, 0)
    return points.astype(np.float32)


def write_recording(folder: Path, faces: list[int], mesh: list[int], frames: int) -> tuple[Path, Path, np.ndarray]:
    """Write a clip into both caches, frame i with a picture of grey level 10 i.

    Args:
        faces, mesh: in which frames a face, and landmarks, were found.

    Returns:
        Both files, and the landmarks in pixels of the frames, `(frames, 478, 3)`.
    """
    random = np.random.default_rng(0)
    points = np.stack([face_points(random, 100) for _ in range(frames)])
    points += np.float32((110, 70, 0))
    box = dict(zip(("left", "top", "right", "bottom", "score"), (*BOX, 0.9), strict=True))
    nothing = dict.fromkeys(box, np.nan) | {"found": False, "jpeg": None}
    shown = [
        box | {"found": True, "jpeg": encode_jpeg(grey(10 * frame))} if frame in faces else nothing
        for frame in range(frames)
    ]
    found = [
        {"found": True, **place(points[frame])._asdict()} if frame in mesh else {"found": False}
        for frame in range(frames)
    ]
    write_faces(folder / "faces.parquet", FaceFacts("f", 25.0, frames, len(faces), "drawn"), shown)
    write_landmarks(folder / "landmarks.parquet", FaceFacts("l", 25.0, frames, len(mesh), "drawn"), found)
    return folder / "faces.parquet", folder / "landmarks.parquet", points


def clip_of(pictures: list[np.ndarray], landmarks: np.ndarray, found: list[bool] | None = None) -> Clip:
    """Return a clip of so many frames as pictures, all of which are found unless `found` says otherwise."""
    found = np.array([True] * len(pictures) if found is None else found)
    jpegs = tuple(encode_jpeg(picture) for picture in pictures)
    return Clip(np.arange(len(pictures)), found, jpegs, np.float32(landmarks), int(found.sum()))
