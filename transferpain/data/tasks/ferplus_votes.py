"""From ten votes to training targets: the four label modes of FER+ (Barsoum et al. 2016, section 3)."""

from typing import get_args

import numpy as np

from transferpain.core.contracts import LabelMode
from transferpain.core.errors import UserError

CLASSES = 8
MAX_LABELS = 3
COVERED_VOTES = 0.75
MULTI_TARGET_VOTES = 0.3


def label_distributions(votes: np.ndarray, mode: LabelMode) -> tuple[np.ndarray, np.ndarray]:
    """Turn votes into training targets.

    Args:
        votes: as for `accepted_votes`.
        mode: the label mode.

    Returns:
        kept: bool `(n,)`.
        targets: float32 `(n, 8)`, all 0 where a row is not kept. In `multi_target` 1 for every accepted
            emotion; else a distribution that sums to 1 (`probability` draws one emotion from it each epoch).

    Raises:
        UserError: as `accepted_votes`.
    """
    kept, accepted = accepted_votes(votes, mode)
    if mode == "multi_target":
        return kept, (accepted > 0).astype(np.float32)
    totals = np.maximum(accepted.sum(axis=1, keepdims=True), 1)
    return kept, (accepted / totals).astype(np.float32)


def accepted_votes(votes: np.ndarray, mode: LabelMode) -> tuple[np.ndarray, np.ndarray]:
    """Clean votes by the rules of the authors' code (microsoft/FERPlus).

    A class with a single vote counts as an outlier and loses it. Then these classes are accepted:
    - majority: the one with more than half of all remaining votes;
    - crossentropy, probability: from the top, ties together, until three quarters of the votes are covered;
    - multi_target: those with at least 30 % of the votes.

    Rows whose top class is unknown or no face, or whose classes cover half of the votes at most, are dropped.

    Args:
        votes: int `(n, 10)`: neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown,
            not a face.
        mode: the label mode.

    Returns:
        kept: bool `(n,)`.
        accepted: int `(n, 8)`, the votes of the accepted emotions, all 0 where a row is not kept.

    Raises:
        UserError: if `mode` is unknown or `votes` is not `(n, 10)` and at least 0.
    """
    if mode not in get_args(LabelMode):
        raise UserError(
            "This label mode is unknown.",
            rule=f"Known: {', '.join(get_args(LabelMode))}.",
            received=mode,
            todo="Correct label_mode.",
        )
    votes = np.asarray(votes)
    if votes.ndim != 2 or votes.shape[1] != CLASSES + 2 or (votes < 0).any():
        raise UserError(
            "The votes have the wrong form.",
            rule="Ten columns of counts: eight emotions, unknown, not a face.",
            received=f"shape {votes.shape}",
            todo="Pass the ten vote columns of the index.",
        )
    remaining = np.where(votes > 1, votes, 0)
    totals = remaining.sum(axis=1, keepdims=True)
    if mode == "majority":
        chosen = np.where(remaining > 0.5 * totals, remaining, 0)
    elif mode == "multi_target":
        chosen = np.where(remaining >= MULTI_TARGET_VOTES * totals, remaining, 0)
    else:
        chosen = _cover_from_top(remaining, totals[:, 0])
    covered = chosen.sum(axis=1) > 0.5 * totals[:, 0]
    kept = covered & (chosen.argmax(axis=1) < CLASSES)
    return kept, np.where(kept[:, None], chosen[:, :CLASSES], 0)


def _cover_from_top(remaining: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Take classes from the top until enough votes are covered; a row that needs over three gets none."""
    chosen = np.zeros_like(remaining)
    ended = np.zeros(len(remaining), dtype=bool)
    for _ in range(MAX_LABELS):
        ended |= chosen.sum(axis=1) >= COVERED_VOTES * totals
        left = remaining - chosen
        highest = left.max(axis=1, keepdims=True)
        taken = ~ended[:, None] & (left == highest) & (highest > 0)
        # Unknown or no face ends the row: behind an emotion it is left out, else it stands alone.
        ended |= taken[:, CLASSES:].any(axis=1)
        has_emotion = (chosen + taken)[:, :CLASSES].any(axis=1)
        taken[has_emotion, CLASSES:] = False
        chosen = np.where(taken, remaining, chosen)
        ended |= (chosen > 0).sum(axis=1) >= MAX_LABELS
    too_many = (chosen > 0).sum(axis=1) > MAX_LABELS
    return np.where(too_many[:, None], 0, chosen)
