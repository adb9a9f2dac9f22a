"""The model that live mode asks: any bundle that reads pictures of faces."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from transferpain.errors import UserError, printable
from transferpain.faces.crop import crop_face
from transferpain.faces.detectors import load_detector, prepare_detector
from transferpain.faces.settings import FaceSettings
from transferpain.features.compute import choose_compute_dtype
from transferpain.quiet import import_tensorflow
from transferpain.sharing.bundle import Bundle, read_bundle
from transferpain.sharing.manifest import check_digest, read_manifest, split_digest
from transferpain.sources.preprocessing import Preprocessing, scale_pixels, stated_preprocessing

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


def load_live_model(address: str, dtype: str = "auto") -> LiveModel:
    """Read a model for live mode from a bundle's folder.

    Args:
        address: the folder, with `#sha256=<digest>` where its origin is to be proved.
        dtype: what it computes in: `auto`, `float32` or `bfloat16`.

    Raises:
        UserError: if the folder is no intact bundle, or its model does not read one picture of a face.
    """
    place, digest = split_digest(address)
    folder = Path(place)
    read_manifest(folder)
    check_digest(folder, digest)
    import_tensorflow()
    bundle = read_bundle(folder)
    shapes = [tuple(given.shape[1:]) for given in bundle.model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3 or not bundle.preprocessing:
        raise UserError(
            f"The model in {folder} is not a live model.",
            rule="A live model reads one picture of a face and answers with probabilities.",
            received=f"a model that reads {', '.join(map(str, shapes))}",
            todo="Name the bundle of a network that reads pictures, not of a head on features.",
        )
    preprocessing = stated_preprocessing(bundle.preprocessing, folder)
    faces = FaceSettings(detector=preprocessing.detector, margin=preprocessing.margin, size=preprocessing.size)
    prepare_detector(faces.detector)
    predict = _predictor(bundle, preprocessing, choose_compute_dtype(dtype)[0])

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
