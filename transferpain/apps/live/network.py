"""What answers in live mode: a network in Keras, or its converted parts."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from transferpain.apps.edge.lite import load_lite, read_converted
from transferpain.apps.edge.openvino import load_openvino, multiplies_int8
from transferpain.apps.edge.samples import window_settings
from transferpain.core.errors import UserError
from transferpain.core.optional import is_installed
from transferpain.core.processor import processor_flags
from transferpain.inputs.features.windows import spread_frames
from transferpain.models.sources.picture_model import PictureModel
from transferpain.strategies.fused.inputs import landmark_rows
from transferpain.strategies.fused.settings import FusionSettings

# Takes a face, uint8 RGB `(size, size, 3)`, and landmarks of one frame after the other, `(478, 3)`, the last its own.
Network = Callable[[np.ndarray, Sequence[np.ndarray]], np.ndarray]
Call = Callable[..., np.ndarray]  # float32 arrays by name, with a batch of 1 -> what a part answers


def build_network(model: PictureModel, dtype: str, encoder: Path | None) -> Network:
    """Return what takes a face and landmarks and gives probabilities, float32 `(classes,)`.

    Args:
        dtype: `float32` or `bfloat16`, what Keras' encoder computes in.
        encoder: a file that `export-edge` made of this model; it, and the head beside it, take Keras' place.

    Raises:
        UserError: if the file is not an intact encoder of this model.
    """
    from transferpain.apps.edge.parts import compiled, split_model  # TensorFlow, which is imported quietly by now

    parts = {part.name: part for part in split_model(model.bundle.model, dtype)}
    side = parts["encoder"].inputs["pixels"][0]
    calls = {} if encoder is None else _load_converted(encoder, model.bundle.digest)
    calls |= {name: compiled(part) for name, part in parts.items() if name not in calls}
    encode, head = calls["encoder"], calls.get("head")
    settings = window_settings(parts["head"].inputs["landmarks"]) if head else None

    def answer(face: np.ndarray, landmarks: Sequence[np.ndarray]) -> np.ndarray:
        if face.shape[0] != side:
            face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        encoded = encode(pixels=face[None].astype(np.float32))
        if head is None:
            return encoded[0]
        return head(image_embedding=encoded, landmarks=read_window(landmarks, settings))[0]

    # Graphs are built and memory is set aside now, not at the first face.
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (side, side, 3), np.uint8)
    check_finite(answer(picture, random.random((1, 478, 3), np.float32)), model.folder)
    return answer


def check_finite(answer: np.ndarray, folder: Path) -> None:
    """Refuse a model, of the bundle in `folder`, whose answer to a picture of noise is no finite numbers."""
    if not np.isfinite(answer).all():
        raise UserError(
            f"The model in {folder} cannot answer.",
            rule="Its probabilities are finite numbers.",
            received="NaN for a picture of noise",
            todo="Choose another model, or let it compute in float32.",
        )


def _load_converted(encoder: Path, digest: str) -> dict[str, Call]:
    """Load an encoder, and the head beside it if there is one, with what runs them fastest of what is installed."""
    converted, cores = read_converted(encoder, digest), os.cpu_count() or 1
    load_fastest = load_openvino if is_installed("edge") else load_lite
    native = converted.kind == "int8" and multiplies_int8(processor_flags())
    calls = {"encoder": (load_fastest if native else load_lite)(converted.encoder, cores)}
    if converted.head is not None:
        calls["head"] = load_fastest(converted.head, cores)
    return calls


def read_window(landmarks: Sequence[np.ndarray], settings: FusionSettings) -> np.ndarray:
    """Return landmarks as a fused network reads them, float32 `(1, *settings.landmark_shape)`.

    Args:
        landmarks: `(478, 3)` at even steps of time; as many as the network takes are spread evenly over them, as over
            a clip, and repeated where there are fewer.
    """
    if settings.axis == "points":
        return landmark_rows(landmarks[-1][None], settings)
    window = np.stack([landmarks[frame] for frame in spread_frames(len(landmarks), settings.frames)])
    return landmark_rows(window[None], settings)
