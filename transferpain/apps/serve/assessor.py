"""What stands behind the server, whatever its models are, and how their verdicts become the answer to a picture."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from transferpain.apps.serve.answers import Assessment, ModelAnswer, ModelFacts, ServiceFacts, label_of
from transferpain.apps.serve.face_finding import Look, units_of
from transferpain.apps.serve.refusals import Refusal
from transferpain.inputs.action_units.measures import MESH


class Assessor(Protocol):
    """Assesses pictures; it is called from one thread only.

    Attributes:
        facts: what is behind it.
    """

    facts: ServiceFacts

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Assessment | Refusal]:
        """Return an answer for each picture, uint8 RGB `(height, width, 3)`, in their order.

        All go through a network together; a picture that cannot be assessed gets its refusal.
        """
        ...


def model_answer(model: ModelFacts, p_pain: float | None, of_classes: Sequence[float]) -> ModelAnswer:
    """Return what a model says of a face.

    Args:
        model: which one.
        p_pain: its probability of pain; `None` where it cannot look at the face.
        of_classes: its probability of each of its classes; none where it cannot look.
    """
    return ModelAnswer(
        name=model.name,
        title=model.title,
        label=None if p_pain is None else label_of(p_pain, model.threshold),
        p_pain=p_pain,
        threshold=model.threshold,
        probabilities={} if p_pain is None else dict(zip(model.classes, of_classes, strict=True)),
    )


def assessment(facts: ServiceFacts, look: Look, models: list[ModelAnswer]) -> Assessment:
    """Put together the answer to one picture.

    Args:
        facts: the assessor's.
        look: where the face stands.
        models: what each of the assessor's models says.
    """
    main = next(model for model in models if model.name == facts.main)
    return Assessment(
        label=main.label,
        p_pain=main.p_pain,
        threshold=main.threshold,
        main=main.name,
        models=models,
        action_units=units_of(look),
        action_units_from=MESH.title,
        face=look.face,
        regions=look.regions,
        coverage=sum(model.label is not None for model in models) / len(models),
        model_version=facts.model_version,
        synthetic=facts.synthetic,
        notices=facts.notices,
    )
