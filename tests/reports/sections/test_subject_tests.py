"""Tests of the subjects' scores: values by hand, by scipy, and where no outcome could be significant."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, wilcoxon

from transferpain.experiments.study_schema import Comparison
from transferpain.reports.sections.subject_tests import subject_tests, subject_tests_as_text

PAIRS = (Comparison(better="a", worse="b"), Comparison(better="a", worse="a2"))


def run(right_of_ten: list[int]) -> pd.DataFrame:
    """Return ten clips per subject, all of class 1, of which so many are answered right."""
    rows = [
        {
            "dataset": "unbc",
            "subject": f"s{subject:02d}",
            "clip": f"s{subject:02d}-c{number}",
            "frame": -1,
            "fold": "fold0",
            "seed": 0,
            "y_true": 1,
            "y_pred": int(number < right),
            "p_0": 0.5,
            "p_1": 0.5,
            "coverage": 1.0,
        }
        for subject, right in enumerate(right_of_ten)
        for number in range(10)
    ]
    return pd.DataFrame(rows).astype({"y_true": "Int64"})


BETTER, WORSE = [9, 8, 7, 10, 6, 9, 8, 7], [1, 2, 3, 0, 5, 4, 6, 5]
RUNS = {"a": run(BETTER), "b": run(WORSE), "a2": run(BETTER)}


@pytest.fixture(scope="module")
def tests():
    return subject_tests(RUNS, PAIRS)


def test_both_tests_are_of_subjects_and_corrected_each_for_itself(tests):
    first = tests.iloc[0]
    assert (first["subjects"], first["differing"], first["tests"]) == (8, 8, 2)
    assert first["wilcoxon_p"] == pytest.approx(2 / 2**8)  # all eight differences have one sign
    assert first["wilcoxon_p"] == pytest.approx(wilcoxon(np.array(BETTER), np.array(WORSE)).pvalue)
    assert first["mann_whitney_p"] == pytest.approx(mannwhitneyu(BETTER, WORSE, method="asymptotic").pvalue)
    assert first["wilcoxon_p_holm"] == pytest.approx(2 * first["wilcoxon_p"])
    assert first["mann_whitney_p_holm"] == pytest.approx(2 * first["mann_whitney_p"])
    assert first["rank_biserial"] == 1
    # Of the 64 pairs one is tied: 6 and 6.
    assert first["cliffs_delta"] == pytest.approx(63 / 64)


def test_equal_runs_have_no_p_and_say_why(tests):
    second = tests.iloc[1]
    assert second["differing"] == 0
    assert pd.isna(second["wilcoxon_p"])
    assert "no outcome can reach" in second["reason"]
    assert second["mann_whitney_p"] == pytest.approx(1)
    text = subject_tests_as_text(tests).iloc[1]
    assert (text["Wilcoxon p"], text["Rank-biserial r"], text["Cliff's delta"]) == ("–", "–", "+0.00")


def test_three_subjects_are_too_few_for_either():
    few = {name: run(right[:3]) for name, right in (("a", BETTER), ("b", WORSE))}
    row = subject_tests(few, PAIRS[:1]).iloc[0]
    assert pd.isna(row["wilcoxon_p"])
    assert pd.isna(row["mann_whitney_p"])
    assert "four and four" in row["reason"]
