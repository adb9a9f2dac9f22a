"""The linear probe of a frozen run: what it is fitted to, and what it answers, in the tables of the head.

It reads what the head reads (the same clips, windows and adapted features), as the mean of a window's frames, and as
their mean and maximum. It has no seed: of all seeds of a fold it is one and the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.linear_probe import LinearProbe, fit_probe
from transferpain.evaluation.predictions import MEAN_AND_MAXIMUM, MEANS, PROBES, subject_names
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import (
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    predictions_table,
    training_prior,
)
from transferpain.strategies.common.feature_rows import Windows, check_shown, found_frames, windows_of

# Frames that are labelled one by one are tens of thousands: so many of them, drawn at random, are fitted (our choice).
MOST_ROWS = 3000


def mean(frames: np.ndarray) -> np.ndarray:
    """Return the mean of frames `(frames, D)`, `(D,)`."""
    return frames.mean(axis=0)


def mean_and_maximum(frames: np.ndarray) -> np.ndarray:
    """Return the mean and the maximum of frames `(frames, D)`, `(2 D,)`."""
    return np.concatenate([frames.mean(axis=0), frames.max(axis=0)])


POOLINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {MEANS: mean, MEAN_AND_MAXIMUM: mean_and_maximum}


@dataclass(frozen=True)
class ProbedFold:
    """The probes of one fold.

    Attributes:
        answers: the predictions of all of them, as of seed 0, with the column `probe`.
        facts: probe -> its C, the inner folds that it was chosen on, the rows that were fitted, and `reason`.
        fitted: the rows that each has seen.
    """

    answers: pd.DataFrame
    facts: dict[str, dict]
    fitted: tuple[FittedRows, ...]

    def added_to(self, result: FoldResult, seed: int) -> dict:
        """Return what changes in a head's result of this fold: its files, and what was fitted."""
        tables = {PROBES: self.answers.assign(seed=seed), "linear_probe.json": self.facts}
        return {"files": {**result.files, **tables}, "fitted": (*result.fitted, *self.fitted)}


def probe_fold(recipe: Recipe, clips: pd.DataFrame, fold: Fold, num_classes: int) -> ProbedFold:
    """Fit the probes to a fold's training clips, and answer for its selection and test clips.

    A clip without a face is answered with the training prior, coverage 0, as by the head.

    Args:
        clips: as for `train_head`.
        fold: positions into `clips`.

    Raises:
        UserError: if no training clip shows a face.
    """
    trained = clips.iloc[fold.train]
    windows = chosen_windows(recipe, trained, fold.name)
    prior = training_prior(trained["y"].to_numpy(dtype=np.int64), num_classes)
    seen = np.sort(fold.train[np.unique(windows.sample)])
    subjects = subject_names(trained).to_numpy(dtype=str)[windows.sample]
    asked = {part: clips.iloc[rows] for part, rows in (("selection", fold.selection), ("test", fold.test))}
    asked_windows = {part: windows_of(recipe, table, "first") for part, table in asked.items()}
    tables, facts, fitted = [], {}, []
    # Of a single frame the maximum is the mean.
    names = [MEANS] if (clips["row"] >= 0).all() else list(POOLINGS)
    for name in names:
        seed = derive_seed(fold.name, "linear probe")
        x = pooled(windows, POOLINGS[name])
        probe = fit_probe(x, windows.y, subjects, recipe.training.class_weights, seed)
        facts[name] = {
            "c": probe.strength,
            "inner_folds": probe.inner_folds,
            "rows": len(windows.y),
            "reason": probe.reason,
        }
        fitted.append(FittedRows(f"linear probe, {name}: standardisation, C and weights", seen))
        for part, table in asked.items():
            answers = answer(probe, asked_windows[part], POOLINGS[name], len(table), prior)
            tables.append(predictions_table(table, answers, fold.name, 0, part).assign(probe=name))
    return ProbedFold(pd.concat(tables, ignore_index=True), facts, tuple(fitted))


def chosen_windows(recipe: Recipe, trained: pd.DataFrame, fold: str) -> Windows:
    """Return the windows that are fitted: all of the training clips that show a face, or as many as are fitted at most.

    Raises:
        UserError: if there is none.
    """
    windows = windows_of(recipe, trained, recipe.window.train)
    count = len(windows.y)
    check_shown(windows, trained, "training", f"the fold {fold} of {recipe.name}")
    if count <= MOST_ROWS:
        return windows
    random = np.random.default_rng(derive_seed(fold, "rows of the linear probe"))
    rows = np.sort(random.choice(count, MOST_ROWS, replace=False))
    places = [getattr(windows, name)[rows] for name in ("sample", "file", "start", "stop", "y")]
    return Windows(windows.features, *places)


def pooled(windows: Windows, pooling: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return what the probe reads of windows, float32 `(windows, ...)`, over the frames that show a face."""
    return np.stack([pooling(shown(windows.window(number))) for number in range(len(windows.y))])


def shown(window: np.ndarray) -> np.ndarray:
    """Return the frames of a window that show a face, float32 `(frames, D)`."""
    return np.asarray(window, dtype=np.float32)[found_frames(window)]


def answer(
    probe: LinearProbe,
    windows: Windows,
    pooling: Callable[[np.ndarray], np.ndarray],
    clips: int,
    prior: np.ndarray,
) -> list[ClipAnswer]:
    """Return an answer for each of so many clips, by its first window; `prior` where that shows no face."""
    answers = [answer_by_prior(prior)] * clips
    if len(windows.y):
        probabilities = probe.predict(pooled(windows, pooling), len(prior))
        for number, place in enumerate(windows.sample):
            coverage = float(found_frames(windows.window(number)).mean())
            answers[place] = answer_by_sequence(probabilities[number], coverage)
    return answers
