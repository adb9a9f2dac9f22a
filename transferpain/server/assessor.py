"""What stands behind the server: something that looks at pictures of a face and gives its models' verdicts."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from transferpain.action_units.proxy import PROXY
from transferpain.server.answers import Assessment, ModelAnswer, ServiceFacts, notices_of
from transferpain.server.looking import Look, units_of
from transferpain.server.refusals import Refusal


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
        action_units_from=PROXY.title,
        face=look.face,
        regions=look.regions,
        coverage=sum(model.label is not None for model in models) / len(models),
        model_version=facts.model_version,
        synthetic=facts.synthetic,
        notices=notices_of(facts.synthetic),
    )
