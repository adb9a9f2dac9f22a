"""What a head that was trained on cached features answers for clips."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import Fold
from transferpain.inputs.features.cache import read_features
from transferpain.networks.heads.base import Fitted
from transferpain.networks.heads.registry import HEADS
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import (
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    answer_by_vote,
    predictions_table,
)
from transferpain.strategies.common.feature_rows import WHOLE, found_frames, spans_of

# Bounds the memory of a prediction; one call per clip would spend its time on the calls.
PREDICTED_AT_ONCE = 4096


def answer_parts(
    recipe: Recipe, fitted: Fitted, clips: pd.DataFrame, fold_and_seed: tuple[Fold, int], prior: np.ndarray
) -> pd.DataFrame:
    """Return the predictions of a fold's selection part, then of its test part.

    Args:
        clips: the labelled clips with their features.
        fold_and_seed: positions into `clips`, and what the head was trained with.
        prior: float `(classes,)`, the answer for a clip without a face.
    """
    fold, seed = fold_and_seed
    tables = []
    for part, positions in (("selection", fold.selection), ("test", fold.test)):
        asked = clips.iloc[positions]
        answers = answer_clips(recipe, fitted, asked, prior)
        tables.append(predictions_table(asked, answers, fold.name, seed, part))
    return pd.concat(tables, ignore_index=True)


def answer_clips(recipe: Recipe, fitted: Fitted, clips: pd.DataFrame, prior: np.ndarray) -> list[ClipAnswer]:
    """Predict clips by their first window: by votes of its frames, or as one row, as the head reads them.

    A clip that shows no face is answered with `prior`.
    """
    answers = [answer_by_prior(prior)] * len(clips)
    pending: list[tuple[int, np.ndarray, np.ndarray]] = []
    waiting = 0
    for position, row in enumerate(clips.itertuples()):
        if not row.features:
            continue
        features = read_features(Path(row.features))
        ((start, stop),) = spans_of(recipe, row, len(features), "first")
        window = np.array(features[start:stop])
        if not found_frames(window).any():
            continue
        pending.append((position, row.sampling()[start:stop], window))
        waiting += len(window)
        if waiting >= PREDICTED_AT_ONCE:
            answer_pending(recipe, fitted, pending, prior, answers)
            pending, waiting = [], 0
    if pending:
        answer_pending(recipe, fitted, pending, prior, answers)
    return answers


def answer_pending(
    recipe: Recipe,
    fitted: Fitted,
    pending: list[tuple[int, np.ndarray, np.ndarray]],
    prior: np.ndarray,
    answers: list[ClipAnswer],
) -> None:
    """Predict windows together and put the answers in their places.

    Args:
        pending: position in `answers`, the frames of the clip, int64 `(frames,)`, and features `(frames, D)` of each
            window.
    """
    found = [found_frames(window) for _, _, window in pending]
    reads = HEADS.find(recipe.head.kind).reads
    if reads == "frame":
        shown = [window[mask] for (_, _, window), mask in zip(pending, found, strict=True)]
        probabilities = fitted.predict(np.concatenate(shown).astype(np.float32))
        parts = np.split(probabilities, np.cumsum([len(part) for part in shown])[:-1])
        for (position, frames, _), mask, part in zip(pending, found, parts, strict=True):
            answers[position] = answer_by_vote(frames[mask], mask, part, prior)
        return
    rows = np.stack([WHOLE[reads](recipe, window) for _, _, window in pending])
    for (position, _, _), mask, part in zip(pending, found, fitted.predict(rows), strict=True):
        answers[position] = answer_by_sequence(part, float(mask.mean()))
