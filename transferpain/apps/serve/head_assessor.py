"""The assessor over a head of the strategy `frozen` and its source, which together read one picture of a face."""

from collections.abc import Sequence

import numpy as np

from transferpain.apps.serve.answers import Assessment, ModelFacts
from transferpain.apps.serve.assessor import assessment
from transferpain.apps.serve.cnn_assessor import THRESHOLD, verdict
from transferpain.apps.serve.pain_network import BATCHES, check_tells_pain, prepare_crops, service_facts
from transferpain.apps.serve.refusals import Refusal
from transferpain.core.errors import UserError
from transferpain.models.bundles.manifest import Contents
from transferpain.strategies.frozen.joined import join

NAME, TITLE = "head", "head on features of a network"
MEANS = "This model was trained on the mean of some seconds; here it reads one picture in its place."


class HeadAssessor:
    """Asks a head about the features of a face.

    Attributes:
        facts: what is behind it.
    """

    def __init__(self, contents: Contents):
        """Read a head and its source, and compile the graphs of a request's sizes.

        Raises:
            UserError: as `join`; if it does not tell pain from none, reads windows, or answers
                anything but finite numbers.
        """
        self._model = join(contents)
        bundle, folder = self._model.bundle, contents.folder
        check_tells_pain(bundle, folder)
        # Refuses a head on windows, before its source is loaded.
        self._model.answer_frames(np.zeros((1, self._model.width), np.float32))
        self.crops = prepare_crops(self._model.preprocessing)
        side = self._model.preprocessing.size
        for size in BATCHES:
            answers = self.forward(np.zeros((size, side, side, 3), np.uint8))
            if not np.isfinite(answers).all():
                raise UserError(
                    f"The model in {folder} does not answer to a face.",
                    rule="It turns a picture into finite numbers, a row for each face.",
                    received="NaN for a black picture",
                    todo="Name another model.",
                )
        head = ModelFacts(name=NAME, title=TITLE, threshold=THRESHOLD, classes=list(bundle.labels))
        facts = service_facts(bundle, folder, NAME, [head], self._model.synthetic_faces)
        if self._model.stretch.reads == "clip":
            facts = facts.model_copy(update={"notices": [*facts.notices, MEANS]})
        self.facts = facts

    def forward(self, faces: np.ndarray) -> np.ndarray:
        """Return the probabilities of faces, uint8 RGB `(n, size, size, 3)`: float32 `(n, classes)`."""
        return self._model.answer_frames(self._model.embed(faces))

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Assessment | Refusal]:
        """Return an answer for each picture, uint8 RGB `(height, width, 3)`, in their order."""
        looks, faces = self.crops.take(pictures)
        answers = iter(self.forward(faces)) if len(faces) else iter(())
        return [
            look if isinstance(look, Refusal) else assessment(self.facts, look, [verdict(self.facts, next(answers))])
            for look in looks
        ]
