"""Where intervals over subjects are known not to hold the truth as often as they say (`benchmarks/coverage.py`)."""

import numpy as np

from transferpain.evaluation.resampling import Answers

NEARLY_FAULTLESS = 0.95
RARE = 1 / 3
# From so many subjects on the intervals hold with a rare class, too.
ENOUGH_SUBJECTS = 26


def interval_limits(answers: Answers, classes: tuple[str, ...], balanced_accuracy: float) -> list[str]:
    """Return why the intervals of a run are known to be unreliable, in a few words each; empty where they are not.

    Args:
        answers: the labelled clips of the run.
        classes: names of the classes `0..K-1`.
        balanced_accuracy: of these answers.
    """
    limits = []
    if balanced_accuracy >= NEARLY_FAULTLESS:
        limits.append(f"the answers are nearly faultless (balanced accuracy {balanced_accuracy:.3f})")
    if answers.subjects < ENOUGH_SUBJECTS:
        for number in np.unique(answers.y_true):
            having = len(np.unique(answers.subject[answers.y_true == number]))
            if having < RARE * answers.subjects:
                limits.append(f"{having} of {answers.subjects} subjects have clips of {classes[number]}")
    return limits
