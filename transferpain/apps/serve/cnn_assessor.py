"""The assessor over one image model: a bundle whose network reads a face and tells levels of pain apart."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferpain.apps.serve.answers import Assessment, ModelAnswer, ModelFacts, ServiceFacts
from transferpain.apps.serve.assessor import assessment, model_answer
from transferpain.apps.serve.pain_network import compile_network, read_pain_network, service_facts
from transferpain.apps.serve.refusals import Refusal
from transferpain.models.bundles.manifest import Contents, opened
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.compute import choose_compute_dtype
from transferpain.strategies.hybrid.settings import TITLES

THRESHOLD = 0.5  # the bundle of a network states none


class CnnAssessor:
    """Asks one network; action units are shown beside it and take no part in its verdict.

    Attributes:
        facts: what is behind it.
    """

    def __init__(self, place: Path | Contents):
        """Read and compile a bundle.

        Raises:
            UserError: if it is no intact bundle, its network reads no pictures, or it does not tell pain from none.
        """
        contents = opened(place)
        bundle, self.crops = read_pain_network(contents)
        network = with_dtype(bundle.model, choose_compute_dtype("auto")[0])
        self.forward = compile_network(network, contents.folder)
        cnn = ModelFacts(name="cnn", title=TITLES["cnn"], threshold=THRESHOLD, classes=list(bundle.labels))
        self.facts = service_facts(bundle, contents.folder, cnn.name, [cnn])

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Assessment | Refusal]:
        """Return an answer for each picture, uint8 RGB `(height, width, 3)`, in their order."""
        looks, faces = self.crops.take(pictures)
        answers = iter(self.forward(faces))
        return [
            look if isinstance(look, Refusal) else assessment(self.facts, look, [verdict(self.facts, next(answers))])
            for look in looks
        ]


def verdict(facts: ServiceFacts, probabilities: np.ndarray) -> ModelAnswer:
    """Return what a service of one model says of a face, by the probabilities of its classes, `(classes,)`."""
    if not np.isfinite(probabilities).all():  # one picture without an answer is no fault of those beside it
        return model_answer(facts.models[0], None, [])
    p_pain = float(np.clip(1 - probabilities[0], 0, 1))
    return model_answer(facts.models[0], p_pain, probabilities.tolist())
