"""What an experiment's loss is for: networks that can end in it."""

from transferpain.networks.outputs.registry import DEFAULT
from transferpain.strategies.base import Recipe


def check_loss(experiment: Recipe, why: str) -> None:
    """Refuse `training.loss` where nothing is trained that could end in it.

    Raises:
        ValueError: unless it is the default; `why` says what is trained instead.
    """
    if experiment.training.loss != DEFAULT:
        raise ValueError(f"training.loss: {why}, received `{experiment.training.loss}`; use `{DEFAULT}`")
