"""A workspace whose cache holds what two versions of a detector made, as their runs wrote it."""

import os
import time
from pathlib import Path

import numpy as np

from transferpain.core.schema import write_stamped
from transferpain.core.store import DAY_SECONDS, checksum_path, write_text
from transferpain.data.media.medium import READER
from transferpain.inputs.faces.cache import FaceFacts, face_key, faces_path, write_faces
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.features.cache import feature_key, features_path, write_features
from transferpain.inputs.landmarks.cache import landmark_key, landmarks_path, write_landmarks
from transferpain.inputs.landmarks.mesh import mesh_identity
from transferpain.inputs.landmarks.settings import LandmarkSettings

FORMER = "mediapipe 0.10.21"
WEIGHTS, CANONICAL = "a" * 64, "detect(mediapipe,margin=0.0)|resize(32)|rgb|scale(unit)"


def add_faces(cache: Path, content: str, identity: str, reader: int = READER) -> Path:
    """Write the faces of a clip of two frames, none of which shows a face."""
    key = face_key(content, identity, 0.0, 32)
    path = faces_path(cache, key)
    nothing = {"found": False, **dict.fromkeys(("left", "top", "right", "bottom", "score")), "jpeg": None}
    write_faces(path, FaceFacts(key, 25.0, 2, 0, identity, reader=reader), [nothing, nothing])
    return path


def add_landmarks(cache: Path, content: str, identity: str) -> Path:
    key = landmark_key(content, identity, LandmarkSettings(), None)
    path = landmarks_path(cache, key)
    write_landmarks(path, FaceFacts(key, 25.0, 2, 0, identity), [{"found": False}, {"found": False}])
    return path


def add_features(cache: Path, faces: Path, identity: str, states_it: bool = True, reader: int = READER) -> Path:
    """Write the features of faces, as today, or as version 2.0 did, which did not state what made them."""
    path = features_path(cache, feature_key((WEIGHTS, CANONICAL), faces.stem, None, "float32"))
    made = {"extractor": [WEIGHTS, CANONICAL], "faces": faces.stem, "sampling": None, "dtype": "float32"}
    write_features(
        path, np.ones((2, 3), np.float16), made | {"detector": identity, "reader": reader} if states_it else None
    )
    return path


def add_run(workspace: Path, name: str = "ann-0123456789abcdef") -> Path:
    """Write of a run what tells which features it read."""
    run = workspace / "runs" / name
    source = {"name": "a-source", "hash": WEIGHTS}
    write_stamped(run / "facts.json", {"source": source, "preprocessing": CANONICAL, "compute_dtype": "float32"})
    write_text(
        run / "experiment.yaml",
        "schema: 2\nstrategy: frozen\nfaces: {detector: mediapipe}\nfeatures: {fps: null, frames: null}\n",
    )
    return run


def fill(workspace: Path) -> tuple[set[Path], set[Path]]:
    """Fill the cache; return the files that a present setting can use, and those that none can."""
    cache, here = workspace / "cache", detector_identity("mediapipe")
    usable = [add_faces(cache, "one", here), add_landmarks(cache, "one", mesh_identity())]
    usable += [add_features(cache, usable[0], here), add_faces(cache, "one", detector_identity("dlib"))]
    former = [add_faces(cache, "one", FORMER), add_landmarks(cache, "one", f"{FORMER} face mesh")]
    former += [add_features(cache, former[0], FORMER), add_faces(cache, "two", FORMER)]
    former += [add_features(cache, former[-1], FORMER, states_it=False)]
    add_run(workspace)
    return with_checksums(usable), with_checksums(former)


def with_checksums(paths: list[Path]) -> set[Path]:
    return {*paths, *map(checksum_path, paths)}


def make_old(path: Path) -> Path:
    """Let a file be untouched for two days."""
    then = time.time() - 2 * DAY_SECONDS
    os.utime(path, (then, then))
    return path
