import numpy as np
import pytest
import statsmodels.api as sm

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.recalibration import (
    ONE_KIND,
    SEPARATED,
    can_be_fitted,
    fit_line,
    log_odds,
    recalibrate,
    recalibrated_classes,
)
from transferpain.evaluation.resampling import read_answers


def stated(slope: float, level: float, subjects: int = 40, seeds=(0,)):
    """Return a run whose log odds have this calibration slope and level, up to chance."""
    table = draw_predictions((5, 5), subjects=subjects, seeds=seeds)
    random = np.random.default_rng(0)
    odds = random.normal(0, 1.5, len(table))
    truth = (random.random(len(table)) < 1 / (1 + np.exp(-(slope * odds + level)))).astype(int)
    likely = 1 / (1 + np.exp(-odds))
    return table.assign(y_true=truth, p_0=1 - likely, p_1=likely).astype({"y_true": "Int64"})


@pytest.mark.parametrize(("slope", "level"), [(1, 0), (0.3, 0.5), (2.5, -1)])
def test_they_are_those_of_a_logistic_regression(slope, level):
    answers = read_answers(stated(slope, level))
    odds = log_odds(answers.probabilities[:, 1])
    line = sm.GLM(answers.y_true, sm.add_constant(odds), family=sm.families.Binomial()).fit()
    offset = sm.GLM(answers.y_true, np.ones(len(odds)), family=sm.families.Binomial(), offset=odds).fit()
    found, intercept = recalibrate(answers, 1)
    assert found.value == pytest.approx(line.params[1], abs=1e-6)
    assert intercept.value == pytest.approx(offset.params[0], abs=1e-6)
    assert found.low < slope < found.high
    assert found.kept == intercept.kept == 40


def test_they_are_means_over_seeds_and_without_interval_below_eight_subjects():
    table = stated(0.8, 0, subjects=7, seeds=(0, 1))
    slope, intercept = recalibrate(read_answers(table), 1)
    for found, place in ((slope, 0), (intercept, 1)):
        single = [recalibrate(read_answers(rows), 1)[place].value for _, rows in table.groupby("seed")]
        assert found.value == pytest.approx(np.mean(single))
        assert found.reason == "7 subjects, fewer than 8"


def test_each_of_several_classes_is_held_against_the_rest():
    answers = read_answers(draw_predictions((4, 3, 2), skill=0.6))
    assert recalibrated_classes(answers) == [0, 1, 2]
    is_class, odds = (answers.y_true == 2).astype(float), log_odds(answers.probabilities[:, 2])
    line = sm.GLM(is_class, sm.add_constant(odds), family=sm.families.Binomial()).fit()
    assert recalibrate(answers, 2)[0].value == pytest.approx(line.params[1], abs=1e-6)


@pytest.mark.parametrize("likely", [0.5, None], ids=["constant", "certain"])
def test_where_no_line_can_be_fitted_it_says_why_and_the_intercept_stands(likely):
    table = draw_predictions((3, 3))
    p_1 = table["y_true"].astype(float) if likely is None else likely
    slope, intercept = recalibrate(read_answers(table.assign(p_0=1 - p_1, p_1=p_1)), 1)
    assert np.isnan([slope.value, slope.low, slope.high]).all()
    assert slope.reason == SEPARATED
    assert intercept.value == pytest.approx(0, abs=1e-9)


def test_probabilities_that_are_wrong_throughout_have_no_slope_either():
    wrong = 1 - draw_predictions((3, 3))["y_true"].astype(float)
    slope, _ = recalibrate(read_answers(draw_predictions((3, 3)).assign(p_0=1 - wrong, p_1=wrong)), 1)
    assert slope.reason == SEPARATED


def test_the_intercept_of_a_constant_is_the_log_odds_of_the_share_it_lacks():
    answers = read_answers(draw_predictions((1, 3)).assign(p_0=0.5, p_1=0.5))
    assert recalibrate(answers, 1)[1].value == pytest.approx(np.log(3))


def test_a_class_that_does_not_occur_has_neither():
    for found in recalibrate(read_answers(draw_predictions((3, 3, 0))), 2):
        assert (np.isnan(found.value), found.reason) == (True, ONE_KIND)


def test_two_clips_that_hardly_overlap_have_no_slope_that_can_be_told():
    odds = np.array([-3.0, -2, 1e-12, 0, 2, 3])
    is_class = np.array([0.0, 0, 0, 1, 1, 1])
    assert can_be_fitted(odds, is_class)
    assert np.isnan(fit_line(odds, is_class, np.ones((1, 6)))).all()


def test_one_class_has_nothing_to_recalibrate():
    assert recalibrated_classes(read_answers(draw_predictions((3, 0)))) == []


def test_answers_of_certainty_are_finite():
    assert np.isfinite(log_odds(np.array([0.0, 1.0, 0.5]))).all()


def test_a_line_that_one_subject_alone_makes_possible_has_no_interval():
    table = draw_predictions((3, 3))
    certain = table["y_true"].astype(float).where(table["subject"] != "S03", 1 - table["y_true"].astype(float))
    likely = 0.5 + 0.4 * (certain - 0.5)
    slope, _ = recalibrate(read_answers(table.assign(p_0=1 - likely, p_1=likely)), 1)
    assert slope.value > 0
    assert slope.reason == "not defined without 1 of 10 subjects"
