"""A head is trained on cached features of a source that stays as it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.data.protocols.fold import Fold
from transferpain.networks.heads.base import HeadTraining
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.class_weights import class_weights
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import EPOCH, training_prior
from transferpain.strategies.common.feature_answers import answer_parts
from transferpain.strategies.common.feature_rows import ROWS, check_shown, windows_of


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
    parts = dict(fitted.parts())
    seen = np.sort(fold.train[np.unique(training.sample)])
    chosen_by = np.sort(fold.selection[np.unique(selection.sample)])
    steps = [*(["class weights"] if recipe.training.class_weights else []), *head.steps]
    return FoldResult(
        predictions=answer_parts(recipe, fitted, clips, (fold, seed), prior),
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
