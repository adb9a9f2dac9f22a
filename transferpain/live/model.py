"""The model that live mode asks: any bundle that reads pictures of faces."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from transferpain.edge.lite import check_encoder, load_lite
from transferpain.errors import printable
from transferpain.faces.crop import crop_face
from transferpain.faces.detectors import load_detector, prepare_detector
from transferpain.faces.settings import FaceSettings
from transferpain.features.compute import choose_compute_dtype
from transferpain.sharing.bundle import Bundle
from transferpain.sharing.manifest import manifest_hash
from transferpain.sources.picture_model import PictureModel, read_picture_model
from transferpain.sources.preprocessing import Preprocessing, scale_pixels

SYNTHETIC_WARNING = "trained on drawn faces: not valid for people"


@dataclass(frozen=True)
class LiveModel:
    """A model that is asked about one frame after the other.

    Attributes:
        labels: names of the classes, the levels of a pain task from none upwards.
        synthetic: whether drawn faces took part in its training; then every frame shows `SYNTHETIC_WARNING`.
        answer: takes a frame, uint8 RGB `(height, width, 3)`, and the landmarks `(478, 3)` of the face in question, in
            pixels; returns probabilities, float32 `(classes,)`, or `None` where its own detector does not see that
            face.
    """

    labels: tuple[str, ...]
    synthetic: bool
    answer: Callable[[np.ndarray, np.ndarray], np.ndarray | None]


def load_live_model(address: str, dtype: str = "auto", encoder: Path | None = None) -> LiveModel:
    """Read a model for live mode from a bundle's folder.

    Args:
        address: the folder of a bundle or a run, with `#sha256=<digest>` where its origin is to be proved.
        dtype: what it computes in: `auto`, `float32` or `bfloat16`.
        encoder: a file that `export-edge` made of this model, which then answers in place of Keras.

    Raises:
        UserError: if the folder is no intact bundle, its model does not read one picture of a face, or the file is
            not an intact one of this model.
    """
    model = read_picture_model(address, "a live model")
    bundle, preprocessing = model.bundle, model.preprocessing
    faces = FaceSettings(detector=preprocessing.detector, margin=preprocessing.margin, size=preprocessing.size)
    prepare_detector(faces.detector)
    if encoder is None:
        predict = _predictor(bundle, preprocessing, choose_compute_dtype(dtype)[0])
    else:
        predict = _lite_predictor(encoder, model)

    def answer(frame: np.ndarray, landmarks: np.ndarray) -> np.ndarray | None:
        face = crop_seen(frame, landmarks, faces)
        return None if face is None else predict(face)

    return LiveModel(tuple(map(printable, bundle.labels)), bool(bundle.manifest["synthetic"]), answer)


def crop_seen(frame: np.ndarray, landmarks: np.ndarray, faces: FaceSettings) -> np.ndarray | None:
    """Crop the face with these landmarks as the pictures were cropped that the model was trained on.

    The detector looks only where the landmarks are, so that it finds this face and not a larger one beside it; the
    landmarks' own box would not do, for detectors draw theirs differently.

    Args:
        frame: uint8 RGB `(height, width, 3)`.
        landmarks: `(478, 3)` in pixels of the frame.
        faces: detector, margin and size of the model's training.

    Returns:
        uint8 RGB `(size, size, 3)`, or `None` where the detector does not see the face.
    """
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    around = (high - low).max()
    height, width = frame.shape[:2]
    left, top = np.maximum(low - around, 0).astype(int)
    right, bottom = np.minimum(high + around, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return None
    seen = load_detector(faces.detector)(np.ascontiguousarray(frame[top:bottom, left:right]))
    if seen is None:
        return None
    box = (seen.left + left, seen.top + top, seen.right + left, seen.bottom + top)
    return crop_face(frame, box, faces.resolved_margin, faces.size)


def _predictor(bundle: Bundle, preprocessing: Preprocessing, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return the network as one graph: a face in, probabilities out."""
    import tensorflow as tf

    from transferpain.sources.backbones import with_dtype

    network, side = with_dtype(bundle.model, dtype), bundle.model.input_shape[1]

    @tf.function(input_signature=[tf.TensorSpec((1, side, side, 3), tf.float32)])
    def predict(pixels):
        return network(scale_pixels(pixels, preprocessing.scaling), training=False)

    def predict_face(face: np.ndarray) -> np.ndarray:
        if face.shape[0] != side:
            face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        return predict(face[None].astype(np.float32)).numpy()[0].astype(np.float32)

    predict_face(np.zeros((side, side, 3), np.uint8))  # the graph is built now, not at the first face
    return predict_face


def _lite_predictor(file: Path, model: PictureModel) -> Callable[[np.ndarray], np.ndarray]:
    """Return a converted network on all processors: a face in, probabilities out."""
    check_encoder(file, manifest_hash(model.folder))
    predict, side = load_lite(file, os.cpu_count() or 1), model.bundle.model.input_shape[1]

    def predict_face(face: np.ndarray) -> np.ndarray:
        if face.shape[0] != side:
            face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        return predict(pixels=face[None].astype(np.float32))[0]

    predict_face(np.zeros((side, side, 3), np.uint8))  # memory is set aside now
    return predict_face
