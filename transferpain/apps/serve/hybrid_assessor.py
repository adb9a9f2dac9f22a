"""The assessor over three models (Verma): action units alone, a network alone, and trees that read both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferpain.apps.serve.answers import Assessment, ModelAnswer, ModelFacts
from transferpain.apps.serve.assessor import assessment, model_answer
from transferpain.apps.serve.face_finding import Look
from transferpain.apps.serve.pain_network import compile_network, read_pain_network, service_facts
from transferpain.apps.serve.refusals import Refusal
from transferpain.core.errors import UserError
from transferpain.inputs.action_units.measures import MESH, estimate, measures_hash
from transferpain.inputs.action_units.mesh import stack_meshes
from transferpain.inputs.action_units.units import UNITS
from transferpain.models.bundles.bundle import Bundle
from transferpain.models.bundles.manifest import Contents, opened
from transferpain.networks.compute import choose_compute_dtype
from transferpain.strategies.hybrid.bundle import HybridFacts, read_facts, read_models
from transferpain.strategies.hybrid.models import FaceMeasurements, probabilities
from transferpain.strategies.hybrid.settings import TITLES
from transferpain.strategies.hybrid.training import with_embedding

AGAIN = (
    "Train the models again with this version, without another tool's tables (head.action_units), or serve them with "
    "the version that trained them."
)


class HybridAssessor:
    """Asks three models; one that cannot look at a face, because no mesh of it was found, gives no answer.

    Attributes:
        facts: what is behind it.
    """

    def __init__(self, place: Path | Contents):
        """Read and compile a bundle.

        Raises:
            UserError: if it is no intact bundle of three models that tell pain from none.
        """
        contents = opened(place)
        bundle, self.crops = read_pain_network(contents)
        folder = contents.folder
        stated = read_facts(folder, bundle.manifest)
        check_fits(stated, bundle, folder)
        width = bundle.model.get_layer(stated.embedding).output.shape[-1]
        self.units, self.hybrid = read_models(contents, stated, width)
        network = with_embedding(bundle.model, stated.embedding, choose_compute_dtype("auto")[0])
        self.forward = compile_network(network, folder)
        models = [
            ModelFacts(name=name, title=title, threshold=stated.thresholds[name], classes=list(bundle.labels))
            for name, title in TITLES.items()
        ]
        self.facts = service_facts(bundle, folder, stated.main, models)

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Assessment | Refusal]:
        """Return an answer for each picture, uint8 RGB `(height, width, 3)`, in their order."""
        looks, faces = self.crops.take(pictures)
        found = [look for look in looks if isinstance(look, Look)]
        said = iter(self._say(found, self.forward(faces)))
        return [look if isinstance(look, Refusal) else assessment(self.facts, look, next(said)) for look in looks]

    def _say(self, looks: list[Look], outputs: np.ndarray) -> list[list[ModelAnswer]]:
        """Return the answers of all models for each face."""
        if not looks:
            return []
        guessed = estimate(stack_meshes([look.mesh for look in looks])).intensities.to_numpy(np.float64)
        faces = FaceMeasurements(guessed, outputs[:, :-2], outputs[:, -1].astype(np.float64))
        answers = probabilities(self.units, self.hybrid, faces)
        return [
            [self._answer(model, float(answers[model.name][row])) for model in self.facts.models]
            for row in range(len(looks))
        ]

    def _answer(self, model: ModelFacts, p_pain: float) -> ModelAnswer:
        if np.isnan(p_pain):
            return model_answer(model, None, [])
        return model_answer(model, p_pain, [1 - p_pain, p_pain])


def check_fits(stated: HybridFacts, bundle: Bundle, folder: Path) -> None:
    """Refuse models that read what is not measured here: another layer, other action units, or other measures."""
    embeddings = [layer.name for layer in bundle.model.layers if len(layer.output.shape) == 2]
    known = (stated.units, stated.estimator, len(bundle.labels)) == (UNITS, MESH.name, 2)
    if not known or stated.embedding not in embeddings:
        units = ", ".join(f"AU{unit}" for unit in stated.units)
        raise UserError(
            f"The models in {folder} read what is not measured here.",
            rule=f"They tell two classes apart by {', '.join(f'AU{unit}' for unit in UNITS)} from {MESH.title}, and by "
            "an embedding of their network.",
            received=f"{len(bundle.labels)} classes, {stated.estimator}, {units}, layer {stated.embedding}",
            todo=AGAIN,
        )
    if stated.measures_hash != measures_hash():
        by = ", ".join(f"AU{unit} by {measure}" for unit, measure in stated.measures.items())
        raise UserError(
            f"The models in {folder} were trained on action units that were measured in another way.",
            rule="A measure, its coefficients and the face mesh are those of the training: other numbers, though of "
            "the same action units, would be read as what they are not.",
            received=f"{by}; hash {stated.measures_hash}, not {measures_hash()}",
            todo=AGAIN,
        )
