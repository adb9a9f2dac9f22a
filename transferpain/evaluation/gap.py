"""The generalisation gap: what is lost on a target when the training data come from another dataset."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.evaluation.predictions import confusions_by_subject
from transferpain.evaluation.statistics import DRAWS, Interval, bootstrap_subjects, paired_difference

# A percentile interval of so few subjects misses the truth clearly more often than once in 20 times.
FEW_SUBJECTS = 10


@dataclass(frozen=True)
class Gap:
    """Within-dataset minus cross-dataset score on the same test clips.

    Attributes:
        within: score of the run that was trained on the target's own training subjects.
        cross: score of the run that was trained on another dataset.
        difference: within minus cross, with its 95 % interval over test subjects; None where there is none.
        subjects: number of the target's test subjects.
    """

    within: float | None
    cross: float | None
    difference: Interval | None
    subjects: int
    reason: str = ""


def generalisation_gap(
    within: pd.DataFrame, cross: pd.DataFrame, metric: str = "balanced_accuracy", *, draws: int = DRAWS, seed: int = 0
) -> Gap:
    """Compare a run trained on the target's own dataset with one trained on another, on the same test clips.

    Args:
        within: predictions of the first.
        cross: predictions of the second.
        metric: a name from `METRICS`.
        draws: bootstrap draws of subjects, the same subjects for both runs.
        seed: of the draws.

    Raises:
        UserError: if the runs were not tested on the same labelled clips under the same classes.
    """
    difference = paired_difference(within, cross, metric, draws=draws, seed=seed)
    subjects = len(confusions_by_subject(within).subjects)
    if np.isnan(difference.value):
        return Gap(None, None, None, subjects, "No clip has a label.")
    values = [bootstrap_subjects(run, (metric,), draws=0)[metric].value for run in (within, cross)]
    if np.isnan(difference.low):
        reason = f"{subjects} subject: an interval over subjects needs more."
    elif subjects < FEW_SUBJECTS:
        reason = f"{subjects} subjects: the interval is likely too narrow."
    else:
        reason = ""
    return Gap(*values, difference, subjects, reason)
