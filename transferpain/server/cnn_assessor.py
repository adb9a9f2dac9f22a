"""The assessor over one image model: a bundle whose network reads a face and tells levels of pain apart."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from transferpain.action_units.proxy import PROXY
from transferpain.errors import UserError
from transferpain.faces.crop import crop_face
from transferpain.faces.detectors import prepare_detector
from transferpain.faces.settings import FaceSettings
from transferpain.features.compute import choose_compute_dtype
from transferpain.server.answers import Assessment, ModelAnswer, ModelFacts, ServiceFacts, label_of, notices_of
from transferpain.server.assessor import assessment
from transferpain.server.looking import Look, load_look
from transferpain.server.refusals import Refusal
from transferpain.sharing.bundle import read_bundle
from transferpain.sharing.manifest import manifest_hash
from transferpain.sources.backbones import with_dtype
from transferpain.sources.preprocessing import Preprocessing, scale_pixels, stated_preprocessing

# What the first class of a pain task is called; everything after it is pain.
NO_PAIN = ("no pain", "level 0", "0")
THRESHOLD = 0.5  # the bundle of a network states none
BATCHES = (1, 2, 4, 8)  # a graph is compiled for each; pictures fill up the next larger one


class CnnAssessor:
    """Asks one network; action units are shown beside it and take no part in its verdict.

    Attributes:
        facts: what is behind it.
    """

    def __init__(self, folder: Path):
        """Read and compile a bundle.

        Raises:
            UserError: if it is no intact bundle, its network reads no pictures, or it does not tell pain from none.
        """
        bundle = read_bundle(folder)
        digest = manifest_hash(folder)
        if len(bundle.model.input_shape) != 4 or not bundle.preprocessing:
            raise UserError(
                f"The model in {folder} reads no pictures.",
                rule="The server needs a network from a picture of a face to classes, not a head on features.",
                received=f"inputs of the shape {bundle.model.input_shape}",
                todo="Name the bundle of a network that was trained on pictures.",
            )
        if bundle.labels[0] not in NO_PAIN:
            raise UserError(
                f"The model in {folder} does not tell pain from no pain.",
                rule=f"Its first class is called {' or '.join(NO_PAIN)}; the others are pain.",
                received=", ".join(bundle.labels),
                todo="Name the bundle of a network that was trained on a pain task.",
            )
        self.preprocessing = stated_preprocessing(bundle.preprocessing, folder)
        self.faces = FaceSettings(detector=self.preprocessing.detector, margin=self.preprocessing.margin)
        prepare_detector(self.faces.detector)
        self.look = load_look(self.faces.detector)
        self.forward = compile_network(bundle.model, self.preprocessing)
        synthetic = bundle.manifest["synthetic"]
        cnn = ModelFacts(name="cnn", title="CNN only", threshold=THRESHOLD, classes=list(bundle.labels))
        self.facts = ServiceFacts(
            bundle=bundle.manifest.get("experiment") or folder.name,
            model_version=digest,
            synthetic=synthetic,
            main=cnn.name,
            models=[cnn],
            action_units_from=PROXY.title,
            notices=notices_of(synthetic),
        )

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Assessment | Refusal]:
        """Return an answer for each picture, uint8 RGB `(height, width, 3)`, in their order."""
        looks = [self._look(picture) for picture in pictures]
        faces = [
            crop_face(picture, look.detection[:4], self.faces.resolved_margin, self.preprocessing.size)
            for picture, look in zip(pictures, looks, strict=True)
            if isinstance(look, Look)
        ]
        probabilities = iter(self.forward(np.stack(faces)) if faces else ())
        return [
            look if isinstance(look, Refusal) else assessment(self.facts, look, [self._verdict(next(probabilities))])
            for look in looks
        ]

    def _look(self, picture: np.ndarray) -> Look | Refusal:
        try:
            return self.look(picture)
        except Refusal as refusal:
            return refusal

    def _verdict(self, probabilities: np.ndarray) -> ModelAnswer:
        cnn = self.facts.models[0]
        p_pain = float(np.clip(1 - probabilities[0], 0, 1))
        return ModelAnswer(
            name=cnn.name,
            title=cnn.title,
            label=label_of(p_pain, cnn.threshold),
            p_pain=p_pain,
            threshold=cnn.threshold,
            probabilities=dict(zip(cnn.classes, probabilities.tolist(), strict=True)),
        )


def compile_network(model: keras.Model, preprocessing: Preprocessing) -> Callable[[np.ndarray], np.ndarray]:
    """Return a network as graphs of the sizes in `BATCHES`, each traced once, now.

    It takes faces, uint8 RGB `(faces, size, size, 3)`, any number of them, to probabilities float32
    `(faces, classes)`.
    """
    network = with_dtype(model, choose_compute_dtype("auto")[0])

    @tf.function
    def graph(pixels: tf.Tensor) -> tf.Tensor:
        scaled = scale_pixels(tf.cast(pixels, tf.float32), preprocessing.scaling)
        return tf.cast(network(scaled, training=False), tf.float32)

    side = preprocessing.size

    def forward(faces: np.ndarray) -> np.ndarray:
        answers = []
        for begin in range(0, len(faces), BATCHES[-1]):
            part = faces[begin : begin + BATCHES[-1]]
            rows = next(size for size in BATCHES if size >= len(part))
            filled = np.zeros((rows, side, side, 3), np.uint8)
            filled[: len(part)] = part
            answers.append(graph(tf.constant(filled)).numpy()[: len(part)])
        return np.concatenate(answers)

    for size in BATCHES:
        forward(np.zeros((size, side, side, 3), np.uint8))
    return forward
