"""A head is trained on cached features of a source that stays as it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.features.cache import read_features
from transferpain.networks.heads.base import Fitted, HeadTraining
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.class_weights import class_weights
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import (
    EPOCH,
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    answer_by_vote,
    predictions_table,
    training_prior,
)
from transferpain.strategies.frozen.rows import ROWS, WHOLE, check_shown, found_frames, spans_of, windows_of

# Bounds the memory of a prediction; one call per clip would spend its time on the calls.
PREDICTED_AT_ONCE = 4096


def train_head(
    recipe: Recipe,
    clips: pd.DataFrame,
    fold: Fold,
    seed: int,
    num_classes: int,
    checkpoint: Path,
    traced: dict[str, Any] | None = None,
) -> FoldResult:
    """Train the recipe's head on one fold with one seed, and predict the fold's test and selection clips.

    Args:
        clips: the labelled clips with their features: columns dataset, subject, clip, y, features (path, empty
            where the clip is unusable), rate (feature rows per second), stretch_rows (feature rows that are read of a
            tested clip, -1 for all), row (the feature row that the clip is, where a clip is one frame of a file; else
            -1), sampling (called, it returns which frame of the clip each feature row is).
        fold: positions into `clips`.
        checkpoint: file that holds the state between epochs, and in the end what was kept.
        traced: heads that earlier calls trained, see `HeadTraining`. Those of this call are added.
    """
    head = HEADS.find(recipe.head.kind)
    training = windows_of(recipe, clips.iloc[fold.train], recipe.window.train)
    selection = windows_of(recipe, clips.iloc[fold.selection], "first")
    for part, windows, rows in (("training", training, fold.train), ("selection", selection, fold.selection)):
        check_shown(windows, clips.iloc[rows], part, f"the fold {fold.name} of {recipe.name}")
    prior = training_prior(clips["y"].iloc[fold.train].to_numpy(dtype=np.int64), num_classes)
    equal = np.ones(num_classes)
    weights = class_weights(training.y, num_classes) if recipe.training.class_weights else equal
    fitted = head.fit(
        recipe.head,
        HeadTraining(
            classes=num_classes,
            dimension=training.features[0].shape[1],
            frames=recipe.window_frames,
            settings=recipe.training,
            seed=(seed, fold.name),
            checkpoint=checkpoint,
            label=f"{recipe.name} {fold.name} seed {seed}",
            traced={} if traced is None else traced,
        ),
        ROWS[head.reads](recipe, training, weights),
        ROWS[head.reads](recipe, selection, equal),
    )
    tables = {}
    for part, positions in (("test", fold.test), ("selection", fold.selection)):
        asked = clips.iloc[positions]
        answers = answer_clips(recipe, fitted, asked, prior)
        tables[part] = predictions_table(asked, answers, fold.name, seed, part)
    parts = dict(fitted.parts())
    seen = np.sort(fold.train[np.unique(training.sample)])
    chosen_by = np.sort(fold.selection[np.unique(selection.sample)])
    steps = [*(["class weights"] if recipe.training.class_weights else []), *head.steps]
    return FoldResult(
        predictions=pd.concat([tables["selection"], tables["test"]], ignore_index=True),
        history=fitted.history,
        model=parts.pop("model", None),
        parts=parts,
        fitted=(
            FittedRows("weights of the network", seen),
            FittedRows("prior for clips without a face", np.sort(fold.train)),
            *(FittedRows(step, seen) for step in steps),
            FittedRows(EPOCH, chosen_by, use="selection"),
        ),
    )


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
