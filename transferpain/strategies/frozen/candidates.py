"""The candidates of nested selection: an experiment, changed in its head or training."""

from typing import Any

from pydantic import ValidationError

from transferpain.core.overrides import merge, nest
from transferpain.core.validation import describe_fault
from transferpain.networks.outputs.number import NumberOutput
from transferpain.networks.outputs.registry import OUTPUTS
from transferpain.strategies.base import Recipe

BY_ACCURACY = "best_balanced_accuracy"
CHANGEABLE = {"head", "training"}  # whatever else changes would change the clips or their features


def check_candidates(experiment: Recipe) -> None:
    """Refuse candidates that cannot be compared.

    Raises:
        ValueError: if nested selection has fewer than two, another selection has any, one of them is not an
            experiment, or their losses are of different kinds.
    """
    nested = experiment.protocol.selection == "nested"
    if nested != bool(experiment.candidates) or len(experiment.candidates) == 1:
        raise ValueError("candidates: two or more go with protocol.selection `nested`, and only with it")
    losses = {candidate_experiment(experiment, name).training.loss for name in experiment.candidates}
    of_numbers = [loss for loss in sorted(losses) if isinstance(OUTPUTS[loss], NumberOutput)]
    if of_numbers and len(losses) > 1 and experiment.protocol.selection_rule != BY_ACCURACY:
        raise ValueError(
            f"candidates: the error of a number, `{of_numbers[0]}`, is no measure of the others, received "
            f"training.loss {', '.join(f'`{loss}`' for loss in sorted(losses))}; keep one, or choose by "
            f"protocol.selection_rule `{BY_ACCURACY}`"
        )


def candidate_experiment(experiment: Recipe, name: str) -> Recipe:
    """Return the experiment as one of its candidates changes it, with the selection that each training has: inner.

    Raises:
        ValueError: if it changes anything but `training` and `head`, or the head's kind, or breaks the schema.
    """
    changes: dict[str, Any] = {}
    for key, value in experiment.candidates[name].items():
        changes = merge(changes, nest(key, value))
    if not changes or not changes.keys() <= CHANGEABLE:
        raise ValueError(f"candidates.{name}: it changes keys of {' and '.join(sorted(CHANGEABLE))}, and no others")
    values = merge(experiment.resolved(), changes)
    values |= {
        "name": f"{experiment.name}-{name}",
        "candidates": {},
        "protocol": values["protocol"] | {"selection": "inner", "selection_rule": None},
    }
    try:
        candidate = type(experiment).model_validate(values)
    except ValidationError as error:
        raise ValueError(f"candidates.{name}: {describe_fault(error, values, type(experiment))}") from None
    if candidate.head.kind != experiment.head.kind:
        raise ValueError(f"candidates.{name}: it keeps the head's kind, `{experiment.head.kind}`")
    return candidate
