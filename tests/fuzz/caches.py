"""Cached faces, landmarks and features whose checksums fit, and the parsed rows of FER2013."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from tests.fuzz.reader import Reader, of_file
from transferpain.inputs.faces.cache import FaceFacts, read_faces, write_faces
from transferpain.inputs.features.cache import read_features, write_features
from transferpain.inputs.landmarks.cache import read_landmarks, write_landmarks
from transferpain.inputs.landmarks.geometry import POINTS

FACTS = FaceFacts("0" * 16, 25.0, 2, 2, "mediapipe 1")
JPEG = cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))[1].tobytes()


def written(name: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def face_file(score: float, num_frames: int = 2) -> bytes:
    row = {"found": True, "left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0, "score": score, "jpeg": JPEG}
    facts = replace(FACTS, num_frames=num_frames, found=num_frames)
    return written("a.parquet", lambda path: write_faces(path, facts, [row] * num_frames))


def landmark_file(value: float) -> bytes:
    row = {"found": True, "points": np.full((POINTS, 3), value), "centre": [1.0, 2.0, 3.0], "interocular": 4.0}
    return written("a.parquet", lambda path: write_landmarks(path, FACTS, [row, {"found": False}]))


def feature_file(value: float) -> bytes:
    return written("a.npy", lambda path: write_features(path, np.full((2, 4), value, np.float16)))


def faces(path: Path) -> object:
    one = read_faces(path)
    arrays = (one.found, one.boxes, one.scores, one.images)
    return (str(one.facts), *((array.shape, array.tobytes()) for array in arrays))


def landmarks(path: Path) -> object:
    one = read_landmarks(path)
    arrays = (one.points, one.centre, one.interocular, one.found)
    return (str(one.facts), one.coverage, *((array.shape, array.tobytes()) for array in arrays))


def features(path: Path) -> object:
    array = read_features(path)
    return array.shape, array.dtype.str, array.tobytes()


READERS = (
    Reader(
        "cached faces",
        (face_file(0.5),),
        of_file("a.parquet", faces),
        lambda choices, seed: choices.among((face_file(0.25), face_file(0.75), face_file(0.5, 3))),
        1200,
    ),
    Reader(
        "cached landmarks",
        (landmark_file(0.5),),
        of_file("a.parquet", landmarks),
        lambda choices, seed: choices.among((landmark_file(0.25), landmark_file(0.75))),
        1200,
    ),
    Reader(
        "cached features",
        (feature_file(0.5),),
        of_file("a.npy", features),
        lambda choices, seed: choices.among((feature_file(0.25), feature_file(0.75))),
        4000,
        words=(b"float16", b"|O", b"<f8", b"(2, 4)", b"(4, 2)", b"(-1, 4)", b"True", b"(99999999999, 4)"),
    ),
)
