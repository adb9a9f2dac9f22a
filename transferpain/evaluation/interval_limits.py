"""Where intervals over subjects are known not to hold the truth as often as they say (`benchmarks/coverage.py`)."""

import numpy as np

from transferpain.evaluation.resampling import FEWEST_SUBJECTS, Answers

NEARLY_FAULTLESS = 0.95
RARE = 1 / 3
# With so many subjects who have the rare class the intervals hold, however many others there are.
ENOUGH_HAVING = 8
# Of confirmation sets, whose mean has an interval of Student's t.
FEWEST_SETS = 3


def interval_limits(answers: Answers, classes: tuple[str, ...], balanced_accuracy: float) -> list[str]:
    """Return why the intervals of a run are known to be unreliable, in a few words each; empty where they are not, and
    where there are too few subjects for an interval.

    Args:
        answers: the labelled clips of the run.
        classes: names of the classes `0..K-1`.
        balanced_accuracy: of these answers.
    """
    if answers.subjects < FEWEST_SUBJECTS:
        return []
    limits = []
    if balanced_accuracy >= NEARLY_FAULTLESS:
        limits.append(f"the answers are nearly faultless (balanced accuracy {balanced_accuracy:.3f})")
    for number in np.unique(answers.y_true):
        having = len(np.unique(answers.subject[answers.y_true == number]))
        if having < min(ENOUGH_HAVING, RARE * answers.subjects):
            limits.append(f"{having} of {answers.subjects} subjects have clips of {classes[number]}")
    return limits
