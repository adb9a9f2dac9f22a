"""Answers that use no picture, as a run like any other: predictions that are scored and compared alike."""

import numpy as np
import pandas as pd

from transferpain.evaluation.predictions import clip_rows, number_of_classes

DRAWS = 100


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
    prior = np.asarray(prior, np.float64)
    if prior.shape != (number_of_classes(predictions),) or not np.isclose(prior.sum(), 1) or (prior < 0).any():
        raise ValueError(
            f"The prior must be {number_of_classes(predictions)} shares that sum to one. Received: {prior}"
        )
    rows = clip_rows(predictions)
    clips = rows[rows["seed"] == rows["seed"].min()]
    table = pd.concat([clips] * draws, ignore_index=True)
    table["seed"] = np.repeat(np.arange(draws), len(clips))
    table["y_pred"] = np.random.default_rng(seed).choice(len(prior), (draws, len(clips)), p=prior).ravel()
    return table.assign(**{f"p_{number}": share for number, share in enumerate(prior)})
