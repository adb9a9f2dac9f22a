"""What answers in live mode: Keras or a converted encoder, and of a fused network the rest behind it, in Keras."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from transferpain.edge.lite import check_encoder, load_lite
from transferpain.edge.samples import window_settings
from transferpain.features.windows import spread_frames
from transferpain.multimodal.inputs import landmark_rows
from transferpain.multimodal.settings import FusionSettings
from transferpain.sharing.manifest import manifest_hash
from transferpain.sources.picture_model import PictureModel

# Takes a face, uint8 RGB `(size, size, 3)`, and landmarks `(frames, 478, 3)`, the last of them its own.
Network = Callable[[np.ndarray, np.ndarray], np.ndarray]


def build_network(model: PictureModel, dtype: str, encoder: Path | None) -> Network:
    """Return what takes a face and landmarks and gives probabilities, float32 `(classes,)`.

    Args:
        dtype: `float32` or `bfloat16`, what Keras' encoder computes in.
        encoder: a file that `export-edge` made of this model, which takes the place of Keras' encoder.

    Raises:
        UserError: if the file is not an intact encoder of this model.
    """
    from transferpain.edge.parts import compiled, split_model  # TensorFlow, which is imported quietly by now

    parts = {part.name: part for part in split_model(model.bundle.model, model.preprocessing.scaling, dtype)}
    side = parts["encoder"].inputs["pixels"][0]
    if encoder is None:
        encode = compiled(parts["encoder"])
    else:
        check_encoder(encoder, manifest_hash(model.folder))
        encode = load_lite(encoder, os.cpu_count() or 1)
    head = compiled(parts["head"]) if "head" in parts else None
    settings = window_settings(parts["head"].inputs["landmarks"]) if head else None

    def answer(face: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        if face.shape[0] != side:
            face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        encoded = encode(pixels=face[None].astype(np.float32))
        if head is None:
            return encoded[0]
        return head(image_embedding=encoded, landmarks=read_window(landmarks, settings))[0]

    # Graphs are built and memory is set aside now, not at the first face.
    answer(np.zeros((side, side, 3), np.uint8), np.random.default_rng(0).random((1, 478, 3), np.float32))
    return answer


def read_window(landmarks: np.ndarray, settings: FusionSettings) -> np.ndarray:
    """Return landmarks as a fused network reads them, float32 `(1, *settings.landmark_shape)`.

    Args:
        landmarks: `(frames, 478, 3)`; as many as the network takes are spread evenly over them, as over a clip, and
            repeated where there are fewer.
    """
    if settings.axis == "points":
        return landmark_rows(landmarks[-1:], settings)
    return landmark_rows(landmarks[spread_frames(len(landmarks), settings.frames)][None], settings)
