"""The model that live mode asks: a network on a face, alone or with landmarks, or a head with its source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from transferpain.apps.edge.lite import read_converted
from transferpain.apps.live.network import Network, build_network, check_finite
from transferpain.core.errors import UserError, printable
from transferpain.core.synthetic_faces import Synthetic, faces_of, in_words, named
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_detector, prepare_detector
from transferpain.models.bundles.sklearn_part import part_names
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.picture_model import PictureModel, model_contents, read_picture_model
from transferpain.networks.compute import choose_compute_dtype
from transferpain.strategies.frozen.joined import JoinedModel, join, reads_features


def synthetic_warning(synthetic: Synthetic) -> str:
    """Return what every frame shows of a model that synthetic faces taught."""
    return f"trained on {named(synthetic)}: not valid for people"


@dataclass(frozen=True)
class LiveModel:
    """A model that is asked about one frame after the other.

    Attributes:
        labels: names of the classes, the levels of a pain task from none upwards.
        synthetic: whether synthetic faces took part in its training, and what they are called; then every frame shows
            `synthetic_warning`.
        see: takes a frame, uint8 RGB `(height, width, 3)`, and the landmarks of the face in question in pixels,
            `(478, 3)`; returns that face as the network reads it, or `None` where its own detector does not see it.
        answer: takes such a face, and its landmarks in the frames of the last seconds, `(478, 3)` each, those of its
            own last; returns probabilities, float32 `(classes,)`.
        over_time: a head that reads the faces of some seconds together, and answers in place of `answer`.
    """

    labels: tuple[str, ...]
    synthetic: Synthetic
    see: Callable[[np.ndarray, np.ndarray], np.ndarray | None]
    answer: Network
    over_time: JoinedModel | None = None


def load_live_model(address: str, dtype: str = "auto", encoder: Path | None = None) -> LiveModel:
    """Read a model for live mode from a bundle's folder; of a head on features, its source as well.

    Args:
        address: the folder of a bundle or a run, with `#sha256=<digest>` where its origin is to be proved.
        dtype: what it computes in: `auto`, `float32` or `bfloat16`.
        encoder: a file that `export-edge` made of this model, which then answers in place of Keras.

    Raises:
        UserError: if the folder is no intact bundle, its model does not read one picture of a face (with landmarks or
            without), or the file is not an intact one of this model; as `join`.
    """
    contents = model_contents(address)
    if reads_features(contents.manifest):
        return _load_head(join(contents), encoder)
    model = read_live_network(address)
    bundle, preprocessing = model.bundle, model.preprocessing
    faces = preprocessing.faces
    prepare_detector(faces.detector)
    answer = build_network(model, choose_compute_dtype(dtype)[0], encoder)
    labels, synthetic = tuple(map(printable, bundle.labels)), in_words(faces_of(bundle.manifest))
    return LiveModel(labels, synthetic, partial(crop_seen, faces=faces), answer)


def read_live_network(address: str) -> PictureModel:
    """Read a network that answers to one picture of a face, alone or with landmarks.

    Raises:
        UserError: as `read_picture_model` and `check_answers_frame_by_frame`.
    """
    model = read_picture_model(address, "a live model", landmarks=True)
    check_answers_frame_by_frame(model)
    return model


def _load_head(model: JoinedModel, encoder: Path | None) -> LiveModel:
    if encoder is not None:
        read_converted(encoder, model.bundle.digest)
    faces = model.preprocessing.faces
    prepare_detector(faces.detector)
    side, one_frame = faces.size, model.stretch.reads == "frame"

    def answer(face: np.ndarray, landmarks: Sequence[np.ndarray]) -> np.ndarray:
        return model.answer_frames(model.embed(face[None]))[0]

    random = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    check_finite(model.answer_stretch(model.embed(random)), model.folder)  # and graphs are built now
    labels = tuple(map(printable, model.bundle.labels))
    see = partial(crop_seen, faces=faces)
    return LiveModel(labels, in_words(model.synthetic_faces), see, answer, None if one_frame else model)


def check_answers_frame_by_frame(model: PictureModel) -> None:
    """Refuse a fused network that reads several pictures at once, or whose boosted trees answer in its place."""
    trees = part_names(model.bundle.manifest)
    if len(model.bundle.model.inputs[0].shape) != 4 or trees:
        raise UserError(
            f"The model in {model.folder} is not a live model.",
            rule="Its network must answer to one picture of a face and the landmarks up to it.",
            received="answers of boosted trees" if trees else "a network that reads several pictures at once",
            todo="Name one that was trained with fusion.fusion=dense and head.kind=dense.",
        )


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
