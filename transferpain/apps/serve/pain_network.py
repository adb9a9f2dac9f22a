"""The network of a served bundle: that it reads faces and tells pain from none, its crops, and its compiled graphs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from transferpain.apps.serve.answers import ModelFacts, ServiceFacts, notices_of
from transferpain.apps.serve.face_finding import Look, load_look
from transferpain.apps.serve.refusals import Refusal
from transferpain.core.errors import UserError
from transferpain.core.foreign import border
from transferpain.core.synthetic_faces import faces_of, merge_faces
from transferpain.inputs.action_units.measures import MESH
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import prepare_detector
from transferpain.models.bundles.bundle import Bundle, read_bundle
from transferpain.models.bundles.manifest import Contents, opened
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.picture_model import refuse_clip_network
from transferpain.models.sources.preprocessing import Preprocessing, stated_preprocessing

# What the first class of a pain task is called; everything after it is pain.
NO_PAIN = ("no pain", "level 0", "0")
BATCHES = (1, 2, 4, 8)  # a graph is compiled for each; pictures fill up the next larger one


@dataclass(frozen=True)
class Crops:
    """Finds the one face of each picture and cuts it out as a network reads it; to be used in one thread."""

    preprocessing: Preprocessing
    look: Callable[[np.ndarray], Look]

    def take(self, pictures: Sequence[np.ndarray]) -> tuple[list[Look | Refusal], np.ndarray]:
        """Return where the face of each picture stands, or why it is refused, and the faces that were found.

        The faces are uint8 RGB `(found, size, size, 3)`.
        """
        looks = [self._look(picture) for picture in pictures]
        margin, side = self.preprocessing.margin, self.preprocessing.size
        faces = [
            crop_face(picture, look.detection[:4], margin, side)
            for picture, look in zip(pictures, looks, strict=True)
            if isinstance(look, Look)
        ]
        return looks, np.array(faces, np.uint8).reshape(-1, side, side, 3)

    def _look(self, picture: np.ndarray) -> Look | Refusal:
        try:
            return self.look(picture)
        except Refusal as refusal:
            return refusal


def read_pain_network(place: Path | Contents) -> tuple[Bundle, Crops]:
    """Read a bundle, and prepare the detector that its faces are cut out with.

    Args:
        place: its folder, or what was read of it.

    Raises:
        UserError: if it is no intact bundle, its network reads no pictures, or windows of them, or it does not tell
            pain from none.
    """
    contents = opened(place)
    bundle, folder = read_bundle(contents), contents.folder
    refuse_clip_network(bundle.model, folder, "a model that can be served")
    shapes = [given.shape for given in bundle.model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or not bundle.preprocessing:
        raise UserError(
            f"The model in {folder} reads no pictures.",
            rule="The server needs a network from a picture of a face to classes, not a head on features.",
            received=f"inputs of the shape {', '.join(map(str, shapes))}",
            todo="Name the bundle of a network that was trained on pictures.",
        )
    check_tells_pain(bundle, folder)
    return bundle, prepare_crops(stated_preprocessing(bundle.preprocessing, folder))


def check_tells_pain(bundle: Bundle, folder: Path) -> None:
    """Refuse a model, of the bundle in `folder`, whose first class is not that without pain."""
    if bundle.labels[0] not in NO_PAIN:
        raise UserError(
            f"The model in {folder} does not tell pain from no pain.",
            rule=f"Its first class is called {' or '.join(NO_PAIN)}; the others are pain.",
            received=", ".join(bundle.labels),
            todo="Name a model that was trained on a pain task.",
        )


def prepare_crops(stated: Preprocessing) -> Crops:
    """Prepare the detector that faces are cut out with."""
    faces = FaceSettings(detector=stated.detector, margin=stated.margin)
    prepare_detector(faces.detector)
    return Crops(stated.model_copy(update={"margin": faces.resolved_margin}), load_look(faces.detector))


def compile_network(network: keras.Model, folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return a network as graphs of the sizes in `BATCHES`, each traced once, now.

    It takes faces, uint8 RGB `(faces, size, size, 3)`, any number of them, to the network's output, float32
    `(faces, outputs)`.

    Raises:
        UserError: if the network, of the bundle in `folder`, gives a face anything but finite numbers.
    """

    @tf.function
    def graph(pixels: tf.Tensor) -> tf.Tensor:
        return tf.cast(network(tf.cast(pixels, tf.float32), training=False), tf.float32)

    side = network.input_shape[1]

    def forward(faces: np.ndarray) -> np.ndarray:
        answers = [np.empty((0, network.output_shape[-1]), np.float32)]
        for begin in range(0, len(faces), BATCHES[-1]):
            part = faces[begin : begin + BATCHES[-1]]
            rows = next(size for size in BATCHES if size >= len(part))
            filled = np.zeros((rows, side, side, 3), np.uint8)
            filled[: len(part)] = part
            answers.append(graph(tf.constant(filled)).numpy()[: len(part)])
        return np.concatenate(answers)

    with border(
        f"The network in {folder} does not answer to a face.",
        rule="It turns a picture into finite numbers, a row for each face.",
        todo="Name another bundle; `transferpain models verify FOLDER --reproduce` checks one.",
    ):
        for size in BATCHES:
            numbers = forward(np.zeros((size, side, side, 3), np.uint8))
            if numbers.ndim != 2 or not np.isfinite(numbers).all():
                raise ValueError(f"numbers of the shape {numbers.shape}, all finite: {np.isfinite(numbers).all()}")
    return forward


def service_facts(
    bundle: Bundle, folder: Path, main: str, models: list[ModelFacts], faces: Sequence[str] = ()
) -> ServiceFacts:
    """Return what is behind a server over a bundle.

    Args:
        main: the name of the model whose verdict comes first.
        models: all of its models.
        faces: what the synthetic faces are called that took part in the training of anything that is not in the bundle.
    """
    faces = merge_faces(faces_of(bundle.manifest), faces)
    return ServiceFacts(
        bundle=bundle.manifest.get("experiment") or folder.name,
        model_version=bundle.digest,
        synthetic=bool(faces),
        main=main,
        models=models,
        action_units_from=MESH.title,
        notices=notices_of(faces),
    )
