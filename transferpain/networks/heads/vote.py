"""From the frames' probabilities to one answer for the clip."""

from typing import NamedTuple

import numpy as np


class Vote(NamedTuple):
    """The answer for a clip: class, probabilities `(classes,)`, and the share of frames with a face."""

    y_pred: int
    probabilities: np.ndarray
    coverage: float


def majority_vote(probabilities: np.ndarray, found: np.ndarray, prior: np.ndarray) -> Vote:
    """Let the frames in which a face was found vote on the class of the clip (Prajod, the ANN).

    Each frame votes for its most probable class. Of classes with equally many votes the one with the higher
    mean probability wins, then the one with the lower index (our choice, not the paper's). A clip in which
    no face was found gets the training prior and coverage 0.

    Args:
        probabilities: float `(frames, classes)`; rows without a face are ignored and may hold NaN.
        found: bool `(frames,)`, whether a face was found in the frame.
        prior: float `(classes,)`, the share of each class among the training clips.

    Returns:
        The vote; its probabilities are the mean over the voting frames, float64. They need not be largest
        for the class that won the vote.

    Raises:
        ValueError: if the shapes do not agree.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    found = np.asarray(found, dtype=bool)
    prior = np.asarray(prior, dtype=np.float64)
    num_classes = prior.size
    if probabilities.shape != (found.size, num_classes):
        raise ValueError(
            f"Probabilities must have the shape (frames, classes) = {(found.size, num_classes)}. "
            f"Received: {probabilities.shape}"
        )
    if not found.any():
        return Vote(int(prior.argmax()), prior, 0.0)
    voting = probabilities[found]
    votes = np.bincount(voting.argmax(axis=1), minlength=num_classes)
    mean = voting.mean(axis=0)
    leading = np.flatnonzero(votes == votes.max())
    winner = leading[mean[leading].argmax()]
    return Vote(int(winner), mean, float(found.mean()))
