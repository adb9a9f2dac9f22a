"""Scores of numbers that are no levels: SciPy's and Shrout and Fleiss' by hand, and an interval over subjects."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from transferpain.evaluation.number_scores import SAME_LABEL, score_numbers


def drawn(subjects: int = 10, seeds: int = 2, frames: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(5)
    rows = []
    for subject in range(subjects):
        true = random.integers(0, 6, frames).astype(float)
        for seed in range(seeds):
            answered = 0.5 * true + random.normal(0.2 * subject, 0.7, frames)
            rows.append(pd.DataFrame({"subject": f"s{subject}", "seed": seed, "true": true, "answered": answered}))
    return pd.concat(rows, ignore_index=True)


def icc_3_1(x: np.ndarray, y: np.ndarray) -> float:
    """Shrout & Fleiss 1979, case 3, single rating: from the mean squares of a two-way analysis of variance."""
    ratings = np.stack([x, y], axis=1)
    total, rows, raters = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    bms = 2 * ((rows - total) ** 2).sum() / (len(x) - 1)
    ems = ((ratings - rows[:, None] - raters + total) ** 2).sum() / (len(x) - 1)
    return (bms - ems) / (bms + ems)


def test_scores_are_means_over_seeds():
    rows = drawn()
    scores = {name: one.value for name, (one, _) in score_numbers(rows).items()}
    parts = [part for _, part in rows.groupby("seed")]
    expected = {
        "mae": np.mean([abs(part["true"] - part["answered"]).mean() for part in parts]),
        "pcc": np.mean([pearsonr(part["true"], part["answered"])[0] for part in parts]),
        "icc": np.mean([icc_3_1(part["true"].to_numpy(), part["answered"].to_numpy()) for part in parts]),
    }
    assert scores == pytest.approx(expected, rel=1e-9)


def test_the_interval_is_the_jackknife_over_subjects():
    rows = drawn(seeds=1)
    one, reason = score_numbers(rows)["mae"]
    error = abs(rows["true"] - rows["answered"])
    without = np.array([error[rows["subject"] != name].mean() for name in rows["subject"].unique()])
    spread = np.sqrt(9 / 10 * ((without - without.mean()) ** 2).sum())
    reach = 2.262157 * spread / one.value  # t of 9 degrees of freedom, on the scale of the logarithm
    assert (one.low, one.high) == pytest.approx((one.value * np.exp(-reach), one.value * np.exp(reach)), rel=1e-5)
    assert reason == ""


def test_what_does_not_vary_has_an_error_alone():
    scores = score_numbers(drawn().assign(true=0.0))
    assert scores["mae"][0].value > 0
    assert np.isnan(scores["icc"][0].value)
    assert scores["icc"][1] == scores["pcc"][1] == SAME_LABEL
    scores = score_numbers(drawn().assign(answered=1.0))
    assert scores["icc"][0].value == pytest.approx(0)
    assert np.isnan(scores["pcc"][0].value)
    assert scores["pcc"][1] == "the answers do not vary"


def test_few_subjects_have_no_interval_and_it_is_said_why():
    one, _ = score_numbers(drawn(subjects=5))["icc"]
    assert np.isnan(one.low)
    assert one.reason.startswith("5 subjects")
