"""An experiment with everything that its run folder's name depends on."""

from dataclasses import dataclass

from transferpain.experiments.run_folder import RunFolder
from transferpain.strategies.base import Plan

SPLIT_SEED = 0  # one split for all seeds: what differs between seeds is the training, not the subjects


@dataclass(frozen=True)
class RunPlan(Plan):
    """A plan with the folder that its run fills."""

    run: RunFolder
