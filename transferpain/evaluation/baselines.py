"""Answers that use no picture. A baseline is a run like any other: predictions that are scored and compared alike."""

import numpy as np
import pandas as pd

from transferpain.evaluation.predictions import clip_rows, number_of_classes

DRAWS = 100


def majority_run(predictions: pd.DataFrame, prior: np.ndarray) -> pd.DataFrame:
    """Answer every clip of a run with the most frequent class of the training clips.

    Args:
        predictions: the table of the run whose clips are answered.
        prior: share of each class among the training clips, float `(classes,)`; of equal ones the first.

    Returns:
        The table of the baseline, one seed.

    Raises:
        ValueError: if the prior does not fit the run's classes.
    """
    return _run(predictions, prior, 1, lambda clips: np.full((1, clips), np.argmax(prior)))


def prior_draw_run(predictions: pd.DataFrame, prior: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Answer every clip of a run by drawing from the training clips' classes, `draws` times.

    Args:
        predictions: the table of the run whose clips are answered.
        prior: share of each class among the training clips, float `(classes,)`.
        draws: each is a seed of the baseline, over which its scores are averaged.
        seed: of the draws.

    Returns:
        The table of the baseline.

    Raises:
        ValueError: if the prior does not fit the run's classes.
    """
    generator = np.random.default_rng(seed)
    return _run(predictions, prior, draws, lambda clips: generator.choice(len(prior), (draws, clips), p=prior))


def _run(predictions: pd.DataFrame, prior: np.ndarray, seeds: int, answer) -> pd.DataFrame:
    prior = np.asarray(prior, np.float64)
    if prior.shape != (number_of_classes(predictions),) or not np.isclose(prior.sum(), 1) or (prior < 0).any():
        raise ValueError(
            f"The prior must be {number_of_classes(predictions)} shares that sum to one. Received: {prior}"
        )
    rows = clip_rows(predictions)
    clips = rows[rows["seed"] == rows["seed"].min()]
    table = pd.concat([clips] * seeds, ignore_index=True)
    table["seed"] = np.repeat(np.arange(seeds), len(clips))
    table["y_pred"] = answer(len(clips)).ravel()
    return table.assign(**{f"p_{number}": share for number, share in enumerate(prior)})
