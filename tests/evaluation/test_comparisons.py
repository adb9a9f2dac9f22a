from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.comparisons import holm, mann_whitney_test, mcnemar_test, subject_scores, wilcoxon_test

# Darwin's cross- and self-fertilised maize (Fisher 1935): the sum of the negative ranks is 24.
MAIZE = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])


def answers(right_a, right_b, subjects=6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two runs on two classes that are right on these clips."""
    right = np.array([right_a, right_b], dtype=bool)
    number = right.shape[1]
    truth = np.arange(number) % 2
    table = pd.DataFrame(
        {
            "dataset": "ai4pain",
            "subject": [f"S{clip % subjects}" for clip in range(number)],
            "clip": [f"c{clip:03d}" for clip in range(number)],
            "frame": -1,
            "seed": 0,
            "y_true": pd.array(truth, dtype="Int64"),
            "p_0": 0.5,
            "p_1": 0.5,
            "coverage": 1.0,
        }
    )
    return tuple(table.assign(y_pred=np.where(row, truth, 1 - truth)) for row in right)


def test_wilcoxon_on_fishers_example():
    """Exact and two-sided: 1,352 of the 32,768 signs give a sum of at most 24 on one side or the other."""
    test = wilcoxon_test(MAIZE.astype(float), np.zeros(15))
    assert test.p == pytest.approx(0.041259765625)
    assert (test.differing, test.method, test.reason) == (15, "exact", "")


@pytest.mark.parametrize("differences", [[1, 1, 2, 2, -1, 3, 4], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0], [3, -1, 2] * 4])
def test_wilcoxon_with_ties_counts_every_sign(differences):
    kept = np.array([value for value in differences if value != 0])
    ranks = rankdata(np.abs(kept))
    sums = np.array([np.dot(signs, ranks) for signs in product((-1, 1), repeat=len(kept))])
    counted = (np.abs(sums) >= abs(np.dot(np.sign(kept), ranks)) - 1e-9).mean()
    test = wilcoxon_test(np.array(differences, float), np.zeros(len(differences)))
    assert test.p == pytest.approx(counted)
    assert (test.method, test.differing) == ("exact", len(kept))


def test_wilcoxon_of_many_subjects_with_ties_is_approximate():
    assert wilcoxon_test(np.repeat([1.0, 2.0, -1.0], 20), np.zeros(60)).method == "approximate"


@pytest.mark.parametrize(("subjects", "smallest"), [(5, 0.0625), (2, 0.5), (0, 1.0)])
def test_so_few_subjects_can_never_be_significant(subjects, smallest):
    test = wilcoxon_test(np.arange(subjects) + 1.0, np.zeros(subjects))
    assert test.p is None
    assert test.smallest_p == smallest
    assert "no outcome can reach 0.05" in test.reason


def test_six_subjects_can():
    assert wilcoxon_test(np.arange(6) + 1.0, np.zeros(6)).p == pytest.approx(2 / 64)


def test_subjects_without_a_difference_do_not_count():
    test = wilcoxon_test(
        np.append(np.arange(5) + 1.0, np.full(20, 0.1 + 0.2)), np.append(np.zeros(5), np.full(20, 0.3))
    )
    assert (test.p, test.subjects, test.differing) == (None, 25, 5)


@pytest.mark.parametrize("pair", [([1, 2], [1]), ([1, np.nan], [1, 2]), ([[1]], [[2]])])
def test_wilcoxon_needs_one_finite_score_a_subject(pair):
    with pytest.raises(ValueError, match="Received"):
        wilcoxon_test(*map(np.array, pair))


def test_subject_scores_are_paired_and_averaged_over_seeds():
    a, b = draw_predictions(skill=0.9, seeds=(0, 1), seed=1), draw_predictions(skill=0.4, seed=2)
    scores = subject_scores([a, b], "accuracy")
    hits = [(run["y_true"] == run["y_pred"]).groupby(run["subject"]).mean().to_numpy() for run in (a, b)]
    np.testing.assert_allclose(scores.to_numpy(), np.transpose(hits).astype(float))
    assert scores.index[0] == "ai4pain/S00"


def test_subject_scores_need_the_same_clips():
    table = draw_predictions()
    with pytest.raises(UserError, match="cannot be paired"):
        subject_scores([table, table[table["subject"] != "S03"]])


def test_mcnemar_is_the_binomial_test_below_25_differing_clips():
    """1 against 9 of 10: 2 (1 + 10) / 2^10."""
    a, b = answers([1] * 20 + [1] + [0] * 9, [1] * 20 + [0] + [1] * 9)
    test = mcnemar_test(a, b)
    assert (test.only_a, test.only_b, test.method) == (1, 9, "exact")
    assert test.p == pytest.approx(22 / 1024)
    assert "not: p is too small" in test.reason


def test_mcnemar_is_chi_squared_from_25_on():
    """10 against 30: (|10 - 30| - 1)^2 / 40 = 9.025, whose tail with one degree of freedom is .002663."""
    a, b = answers([1] * 10 + [0] * 30, [0] * 10 + [1] * 30, subjects=40)
    test = mcnemar_test(a, b)
    assert test.method == "approximate"
    assert test.p == pytest.approx(0.002663, abs=1e-6)
    assert test.reason == ""  # one clip per subject


def test_mcnemar_is_refused_where_too_few_clips_differ():
    a, b = answers([1] * 30, [1] * 25 + [0] * 5)
    test = mcnemar_test(a, b)
    assert (test.p, test.only_a, test.only_b) == (None, 5, 0)
    assert "5 clips" in test.reason


def test_mcnemar_takes_the_answer_of_most_seeds():
    a, b = answers([1] * 12, [0] * 12)
    seeds = pd.concat([run.assign(seed=seed) for seed, run in enumerate((a, a, b))], ignore_index=True)
    assert mcnemar_test(seeds, b).only_a == 12


def test_mcnemar_does_not_depend_on_the_order_of_rows():
    a, b = answers([1] * 9 + [0] * 3, [0] * 9 + [1] * 3)
    assert mcnemar_test(a.sample(frac=1, random_state=0), b) == mcnemar_test(a, b)


def test_holm():
    """Holm 1979 by hand: .01 x 3, then .03 x 2, then .04 x 1 but not below its predecessor."""
    family = holm("targets", {"a": 0.01, "b": 0.04, "c": 0.03})
    assert family.adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert (family.name, family.size, family.reason) == ("targets", 3, "")


def test_a_test_that_was_refused_still_counts_in_its_family():
    family = holm("targets", {"a": 0.01, "b": None})
    assert family.adjusted == {"a": pytest.approx(0.02), "b": None}
    assert family.size == 2
    assert "1 of 2 tests" in family.reason


def test_an_empty_family_says_so():
    assert "no test" in holm("nothing", {}).reason


def test_mann_and_whitney_count_the_orders_of_small_groups():
    test = mann_whitney_test(np.arange(4) + 10.0, np.arange(4.0))
    assert (test.p, test.method) == (pytest.approx(2 / 70), "exact")  # two of the 70 orders are as extreme
    assert mann_whitney_test(np.arange(5) + 10.0, np.arange(5.0)).smallest_p == pytest.approx(0.0079, abs=1e-4)
    tied = mann_whitney_test(np.ones(10), np.ones(10))
    assert (tied.p, tied.method) == (pytest.approx(1), "approximate")


def test_three_against_three_have_no_p():
    test = mann_whitney_test(np.arange(3) + 10.0, np.arange(3.0))
    assert test.p is None
    assert "four and four are the fewest" in test.reason
