"""The probe of the sampling: it finds clips that are read at another rate, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from transferpain.evaluation.permutation import permuted_scores
from transferpain.experiments.null_probe import _answered, _steps


def rows(subjects: int = 12) -> pd.DataFrame:
    number = np.arange(2 * subjects)
    table = pd.DataFrame({"dataset": "ai4pain", "subject": number // 2, "clip": number, "y_true": number % 2})
    return table.assign(frame=-1, fold="f", seed=0, y_pred=0, p_0=1.0, p_1=0.0, coverage=1.0)


def walk(random: np.random.Generator, frames: int) -> np.ndarray:
    """Return features of a face that moves slowly: twenty frames of a second, or every sixth of six."""
    return np.cumsum(random.normal(size=(frames, 8)), axis=0)


@pytest.mark.parametrize(("every", "told"), [(1, False), (6, True)])
def test_a_class_that_is_read_at_another_rate_is_told(every, told):
    random, table = np.random.default_rng(0), rows()
    read = [walk(random, 120)[: 20 * step : step] for step in np.where(table["y_true"] == 0, every, 1)]
    answered = _answered(table, np.array([_steps(one) for one in read]))
    observed, permuted = permuted_scores(answered, draws=500)
    assert (observed > np.quantile(permuted, 0.99)) == told


def test_a_class_of_which_more_is_read_is_told():
    random, table = np.random.default_rng(1), rows()
    read = [random.normal(size=(120 if y == 0 else 20, 8)) for y in table["y_true"]]
    assert permuted_scores(_answered(table, np.array([_steps(one) for one in read])), draws=10)[0] == 1.0


@pytest.mark.parametrize("read", [None, np.empty((0, 4)), np.full((5, 4), np.nan), np.ones((1, 4))])
def test_a_clip_without_two_faces_has_no_steps(read):
    assert np.isfinite(_steps(read)).all()
    assert _steps(read)[2] == 0.0
