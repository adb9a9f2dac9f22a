"""A small real network as a source, and drawn faces for it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tests.inputs.faces.drawing import draw_plain_face
from transferpain.inputs.faces.cache import FaceFacts, faces_path, write_faces
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.inputs.features.settings import FeatureSettings

SIZE = 16
DIMENSION = 5
SETTINGS = FeatureSettings(dtype="float32", batch=4)


@dataclass(frozen=True)
class SmallPreprocessing:
    canonical: str = "16 rgb unit"


@dataclass(frozen=True)
class SmallSource:
    """Facts of a small real network; it counts how often it is loaded."""

    weights_hash: str = "weights"
    preprocessing: SmallPreprocessing = SmallPreprocessing()
    embedding_size: int = DIMENSION
    scale: float = 1.0
    loaded: list[str] = field(default_factory=list)

    def load_embedder(self, compute_dtype: str):
        import keras

        self.loaded.append(compute_dtype)
        return keras.Sequential(
            [
                keras.Input((SIZE, SIZE, 3)),
                keras.layers.Rescaling(self.scale / 255),
                keras.layers.Conv2D(8, 3, kernel_initializer=keras.initializers.HeNormal(seed=1)),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(DIMENSION, kernel_initializer=keras.initializers.HeNormal(seed=2)),
            ]
        )


def missing_row() -> dict:
    return {"found": False, "jpeg": None}


def found_row(frame: int, clip: int) -> dict:
    face = draw_plain_face(SIZE, SIZE, (8, 8), 0.1).astype(int) + 3 * frame - 10 * clip
    return {"found": True, "jpeg": encode_jpeg(face.clip(0, 255).astype(np.uint8))}


def make_faces(cache: Path, clips: dict[str, str], fps: float = 25.0) -> pd.DataFrame:
    """Write faces: a clip is a text, `x` a frame with a face and `.` one without."""
    rows = []
    for number, (clip, frames) in enumerate(clips.items()):
        path = faces_path(cache, f"{number:02}{frames}")
        facts = FaceFacts(clip, fps, len(frames), frames.count("x"), "dlib 1")
        looks = [found_row(index, number) if frame == "x" else missing_row() for index, frame in enumerate(frames)]
        write_faces(path, facts, looks)
        rows.append((clip, str(path), path.stem, len(frames), fps, frames.count("x"), ""))
    return pd.DataFrame(rows, columns=["clip", "faces", "key", "num_frames", "fps", "found", "problem"])


SMALL = SourceExtractor(SmallSource())
