"""Predictions in the table that everything after training reads.

Columns: dataset, subject, clip, frame (its number in the medium, counted from 0 in the order of time, also of a span of
it; -1 is the answer for the whole clip), fold, seed, part (`selection` or `test`),
y_true (missing where the clip is unlabelled), y_pred, p_0 .. p_{K-1}, coverage (share of the frames with a face).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.core.contracts import Part
from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.networks.heads.vote import majority_vote

# What is fitted by rows of selection in every training, as `FittedRows` calls it.
EPOCH = "choice of the epoch"
SPANS = ("span", "image_span")


@dataclass(frozen=True)
class ClipAnswer:
    """What a model says of one clip.

    Attributes:
        y_pred: the class.
        probabilities: float `(classes,)`.
        coverage: share of the frames with a face.
        frames: the frames that were classified one by one, counted from the clip's beginning, `(frames,)`; empty if
            none were.
        frame_probabilities: float `(frames, classes)`.
    """

    y_pred: int
    probabilities: np.ndarray
    coverage: float
    frames: np.ndarray
    frame_probabilities: np.ndarray


def answer_by_vote(frames: np.ndarray, found: np.ndarray, probabilities: np.ndarray, prior: np.ndarray) -> ClipAnswer:
    """Let the classified frames of a clip vote.

    Args:
        frames: numbers of the clip's frames in which a face was found, `(voting,)`.
        found: bool `(frames,)`, over all frames that were looked at.
        probabilities: float `(voting, classes)`.
        prior: float `(classes,)`, the answer for a clip without a face.
    """
    spread = np.full((len(found), len(prior)), np.nan)
    spread[found] = probabilities
    vote = majority_vote(spread, found, prior)
    return ClipAnswer(vote.y_pred, vote.probabilities, vote.coverage, frames, probabilities)


def answer_by_sequence(probabilities: np.ndarray, coverage: float) -> ClipAnswer:
    """Answer for a clip that was classified as a whole: `(classes,)` probabilities and no single frames."""
    nothing = np.empty((0, len(probabilities)))
    return ClipAnswer(int(probabilities.argmax()), probabilities, coverage, np.empty(0, np.int64), nothing)


def answer_by_prior(prior: np.ndarray) -> ClipAnswer:
    """Answer for a clip that shows no face: the training prior, with coverage 0."""
    return answer_by_sequence(prior, 0.0)


def training_prior(y: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the share of each class among the training clips, float64 `(classes,)`."""
    return np.bincount(y, minlength=num_classes) / len(y)


def predictions_table(clips: pd.DataFrame, answers: list[ClipAnswer], fold: str, seed: int, part: Part) -> pd.DataFrame:
    """Return the predictions of one fold and seed.

    Args:
        clips: the clips that were asked for, with `dataset`, `subject`, `clip` and `y`; of stretches of a medium also
            `kind` and `first_frame`.
        answers: one for each clip, in the same order.
        part: whether the clips were selected on or are tested.
    """
    repeats = np.array([1 + len(answer.frames) for answer in answers], dtype=np.int64)
    positions = np.repeat(np.arange(len(clips)), repeats)
    rows = clips[["dataset", "subject", "clip", "y"]].iloc[positions].reset_index(drop=True)
    rows = rows.rename(columns={"y": "y_true"})
    rows["y_true"] = rows["y_true"].astype("Int64")
    begins = first_frames(clips)
    numbers = [np.append(WHOLE_CLIP, at + answer.frames) for at, answer in zip(begins, answers, strict=True)]
    rows.insert(3, "frame", np.concatenate(numbers))
    rows.insert(4, "fold", fold)
    rows.insert(5, "seed", seed)
    rows.insert(6, "part", part)
    rows["y_pred"] = np.concatenate(
        [np.append(answer.y_pred, answer.frame_probabilities.argmax(axis=1)) for answer in answers]
    ).astype(np.int64)
    probabilities = np.concatenate(
        [np.vstack([answer.probabilities[None], answer.frame_probabilities]) for answer in answers]
    )
    for column in range(probabilities.shape[1]):
        rows[f"p_{column}"] = probabilities[:, column].astype(np.float32)
    rows["coverage"] = np.array([answer.coverage for answer in answers])[positions]
    return rows


def first_frames(clips: pd.DataFrame) -> np.ndarray:
    """Return at which frame of its medium each clip begins, int64 `(clips,)`."""
    if not {"kind", "first_frame"} <= set(clips.columns):
        return np.zeros(len(clips), np.int64)
    return clips["first_frame"].where(clips["kind"].isin(SPANS), 0).to_numpy(dtype=np.int64)
