from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.error_gaps import COLUMNS, count_errors, deal_anew, error_gaps, gap_of
from transferpain.evaluation.resampling import Interval, confusions_by_subject

SEX = ["m"] * 9 + ["w"] * 9


def people(table, **columns):
    return table[["dataset", "subject"]].drop_duplicates().reset_index(drop=True).assign(**columns)


def rates(rows):
    """Return the share of false positives and of false negatives among rows, the mean over seeds."""
    by_seed = [part for _, part in rows.groupby("seed")]
    pairs = [(part[part["y_true"] == 0], part[part["y_true"] > 0]) for part in by_seed]
    return np.mean([[(without["y_pred"] > 0).mean(), (pain["y_pred"] == 0).mean()] for without, pain in pairs], axis=0)


@pytest.mark.parametrize("clips", [(4, 3), (4, 3, 2)])
def test_they_are_the_differences_of_the_groups_pooled_rates(clips):
    table = draw_predictions(clips, subjects=18, seeds=(0, 1), spread=0.1)
    found = error_gaps(table, people(table, sex=SEX))
    assert found.columns.tolist() == COLUMNS
    assert found[["by", "group", "other"]].drop_duplicates().to_numpy().tolist() == [["sex", "men", "women"]]
    assert found["rate"].tolist() == ["false positives", "false negatives"]
    men, women = rates(table[table["subject"] < "S09"]), rates(table[table["subject"] >= "S09"])
    assert found["group_rate"].tolist() == pytest.approx(men.tolist())
    assert found["other_rate"].tolist() == pytest.approx(women.tolist())
    assert found["gap"].tolist() == pytest.approx((men - women).tolist())
    assert (found["gap_low"] < found["gap"]).all()
    assert (found["gap"] < found["gap_high"]).all()
    assert found["p_holm"].tolist() == pytest.approx(multipletests(found["p"], method="holm")[1].tolist())


def test_a_level_too_high_is_no_error():
    confusions = np.array([[[[2, 0, 0], [0, 0, 3], [1, 0, 4]]]])
    errors, clips = count_errors(confusions)
    assert {name: found.tolist() for name, found in errors.items()} == {
        "false positives": [[0]],
        "false negatives": [[1]],
    }
    assert {name: found.tolist() for name, found in clips.items()} == {"false positives": [2], "false negatives": [8]}


def test_an_interval_of_two_rates_is_squared_and_added():
    rates = [
        Interval(hits / of, *proportion_confint(hits, of, method="wilson"), of) for hits, of in ((56, 70), (48, 80))
    ]
    gap = gap_of(*rates)
    assert gap.value == pytest.approx(0.2)
    # statsmodels writes Newcombe's name so.
    expected = confint_proportions_2indep(56, 70, 48, 80, method="newcomb", compare="diff")
    assert (gap.low, gap.high) == pytest.approx(expected)


def test_a_clip_each_is_tested_as_fisher_does():
    """With one clip a subject, to deal the subjects anew is Fisher's exact test, whose two tails are alike here."""
    first, second = np.array([[1]] * 7 + [[0]] * 2), np.array([[1]] * 2 + [[0]] * 7)
    ones = np.ones(9, dtype=int)
    p = deal_anew([(first, ones), (second, ones)])
    # 18 subjects can be dealt in 48,620 ways, of which 20,000 are drawn.
    assert p == pytest.approx(fisher_exact([[7, 2], [2, 7]]).pvalue, abs=0.005)


def test_few_ways_to_deal_are_all_counted():
    errors, clips = np.arange(8).reshape(8, 1), np.full(8, 9)
    gaps = np.array([errors[list(one)].sum() for one in combinations(range(8), 4)]) * 2 - errors.sum()
    expected = 2 * min((gaps <= -16).mean(), (gaps >= -16).mean())
    assert deal_anew([(errors[:4], clips[:4]), (errors[4:], clips[4:])]) == pytest.approx(expected)


def test_a_group_of_fewer_than_eight_has_a_rate_and_no_interval_and_no_test():
    table = draw_predictions((4, 4), subjects=18, spread=0.1)
    found = error_gaps(table, people(table, sex=["m"] * 11 + ["w"] * 7))
    assert found["gap_reason"].tolist() == ["women: 7 subjects, fewer than 8"] * 2
    assert found[["gap_low", "gap_high", "p", "p_holm"]].isna().all(axis=None)
    assert found["gap"].notna().all()
    assert (found["group_subjects"].tolist(), found["other_subjects"].tolist()) == ([11, 11], [7, 7])


def test_a_subject_counts_for_a_rate_if_it_has_such_a_clip():
    table = draw_predictions((4, 4), subjects=18, spread=0.1)
    table = table[(table["y_true"] == 0) | (table["subject"] > "S01")]
    found = error_gaps(table, people(table, sex=SEX)).set_index("rate")
    assert found["group_subjects"].to_dict() == {"false positives": 9, "false negatives": 7}
    assert found.loc["false negatives", "gap_reason"] == "men: 7 subjects, fewer than 8"
    # The family holds the tests that numbers of subjects allow.
    assert found.loc["false positives", "p_holm"] == found.loc["false positives", "p"]


def test_a_group_without_such_a_clip_has_no_rate():
    table = draw_predictions((4, 4), subjects=18)
    table = table[(table["y_true"] == 1) | (table["subject"] > "S08")]
    found = error_gaps(table, people(table, sex=SEX)).set_index("rate")
    assert np.isnan(found.loc["false positives", "gap"])
    assert found.loc["false positives", "gap_reason"] == "men: no clip without pain"


def test_a_rate_of_nought_has_a_test_and_no_interval():
    table = draw_predictions((4, 4), subjects=18, skill=0.5)
    table.loc[table["subject"] < "S09", "y_pred"] = table["y_true"].astype(int)
    found = error_gaps(table, people(table, sex=SEX))
    assert found["gap_reason"].tolist() == ["men: all subjects alike"] * 2
    assert (found["p"] < 0.01).all()


def test_equal_rates_are_far_from_significant_and_unequal_ones_are_not():
    table = draw_predictions((5, 5), subjects=18, skill=0.8, spread=0.1)
    same = error_gaps(table, people(table, sex=["m", "w"] * 9))
    worse = table["y_pred"].where(table["subject"] >= "S09", 1 - table["y_pred"])
    other = error_gaps(table.assign(y_pred=worse), people(table, sex=SEX))
    assert (same["p"] > 0.05).all()
    assert (same["gap_low"] < 0).all()
    assert (same["gap_high"] > 0).all()
    assert (other["p_holm"] < 0.05).all()
    assert (other["gap_low"] > 0).all()


def test_ages_are_compared_by_bands_and_who_states_nothing_is_left_out():
    table = draw_predictions((2, 2), subjects=25)
    ages = [20] * 8 + [40] * 8 + [60] * 8 + [np.nan]
    found = error_gaps(table, people(table, age=ages, sex=["m"] * 24 + [None]))
    assert found["by"].unique().tolist() == ["age"]
    pairs = found[["group", "other"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["18-35", "36-50"], ["18-35", "51+"], ["36-50", "51+"]]
    assert found["group_subjects"].tolist() == [8] * 6


def test_without_labels_or_statements_there_is_no_gap():
    table = draw_predictions((2, 2), subjects=4)
    assert error_gaps(table, people(table, sex=[None] * 4)).empty
    unlabelled = table.assign(y_true=pd.array([pd.NA] * len(table), dtype="Int64"))
    assert error_gaps(unlabelled, people(table, sex=["m", "w"] * 2)).columns.tolist() == COLUMNS
    assert confusions_by_subject(table)[0][0] == "ai4pain/S00"
