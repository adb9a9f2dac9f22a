import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.resampling import (
    confusions_by_subject,
    jackknife,
    leave_out,
    read_answers,
    score_whole,
)
from transferpain.evaluation.statistics import score_subjects


def accuracy(answers):
    right = answers.sum_by_subject(np.stack([answers.y_pred == answers.y_true, np.ones(len(answers.y_true))], axis=-1))

    def score(times):
        hits, clips = np.moveaxis(np.tensordot(times, right, axes=1), -1, 0)
        return {"accuracy": hits / clips}

    return score


def test_intervals_are_those_of_the_other_scores():
    table = draw_predictions(subjects=12, seeds=(0, 1), spread=0.2)
    answers = read_answers(table)
    expected = score_subjects(table, ("accuracy",))["accuracy"]
    found = jackknife(accuracy(answers), answers.subjects, {"accuracy": (0, 1)})["accuracy"]
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert found.kept == expected.kept == 12


def mean_of(values):
    return lambda times: {"mean": (times @ values / times.sum(axis=1))[:, np.newaxis]}


@pytest.mark.parametrize("highest", [1, np.inf])
def test_a_score_at_its_bound_that_varies_has_no_interval_and_says_why(highest):
    parts = np.tile([4.0, -1.0, -1.0, -1.0, -1.0], 2)
    found = jackknife(lambda times: {"size": np.abs(times @ parts)[:, np.newaxis] / 10}, 10, {"size": (0, highest)})
    assert found["size"].value == 0
    assert np.isnan([found["size"].low, found["size"].high]).all()
    assert "at its bound" in found["size"].reason


def test_of_a_mean_it_is_students_interval():
    values = np.random.default_rng(0).normal(size=9)
    found = jackknife(mean_of(values), 9)["mean"]
    expected = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)


def test_of_a_bounded_score_it_is_symmetrical_on_the_probit_scale_and_inside_the_bounds():
    values = np.array([1.0] * 8 + [0.0])
    found = jackknife(mean_of(values), 9, {"mean": (0, 1)})["mean"]
    middle = stats.norm.ppf(8 / 9)
    reach = stats.t.ppf(0.975, 8) * stats.sem(values) / stats.norm.pdf(middle)
    assert stats.norm.ppf([found.low, found.high]) == pytest.approx(middle + np.array([-reach, reach]))
    assert found.high < 1


def test_of_an_error_without_an_upper_bound_it_stays_above_0():
    values = np.array([0.0] * 7 + [3.0])
    found = jackknife(mean_of(values), 8, {"mean": (0, np.inf)})["mean"]
    assert 0 < found.low < 3 / 8 < found.high
    assert found.low * found.high == pytest.approx((3 / 8) ** 2)


def test_below_eight_subjects_there_is_no_interval_and_the_reason():
    found = jackknife(mean_of(np.arange(7.0)), 7)["mean"]
    assert (found.value, found.kept, found.reason) == (3, 0, "7 subjects, fewer than 8")
    assert np.isnan([found.low, found.high]).all()
    assert jackknife(mean_of(np.arange(8.0)), 8)["mean"].reason == ""


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_subjects_that_are_all_alike_say_nothing_of_their_spread(value):
    found = jackknife(mean_of(np.full(10, value)), 10, {"mean": (0, 1)})["mean"]
    assert (found.value, found.reason) == (pytest.approx(value), "all subjects alike")
    assert np.isnan([found.low, found.high]).all()


def test_sums_are_by_subject_and_seed():
    table = draw_predictions((2, 1, 0), subjects=3, seeds=(4, 7))
    answers = read_answers(table)
    assert (answers.subjects, answers.seeds) == (3, (4, 7))
    sums = answers.sum_by_subject(np.stack([answers.y_true, np.ones(len(table))], axis=-1))
    assert sums.tolist() == [[[1, 3], [1, 3]]] * 3


def test_covered_leaves_clips_without_a_face_out():
    table = draw_predictions(subjects=3)
    table.loc[:4, "coverage"] = 0.0
    assert len(read_answers(table).y_true) - len(read_answers(table, covered=True).y_true) == 5


def test_each_subject_is_left_out_once():
    assert (1 - np.concatenate(list(leave_out(150)))).tolist() == np.eye(150).tolist()


def test_many_images_are_left_out_in_groups_of_equal_size():
    counts = np.concatenate(list(leave_out(2050)))
    assert counts.shape == (200, 2050)
    assert ((1 - counts).sum(axis=0) == 1).all()
    assert set((1 - counts).sum(axis=1)) == {10, 11}


def test_groups_of_images_give_nearly_the_interval_of_single_images():
    values = np.random.default_rng(0).random(1000) < 0.7
    found = jackknife(mean_of(values.astype(float)), 1000)["mean"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(0.21 / 1000), rel=0.15)
    assert found.kept == 200


def test_one_subject_has_no_interval():
    answers = read_answers(draw_predictions(subjects=1))
    found = jackknife(accuracy(answers), answers.subjects)["accuracy"]
    assert found.value == score_whole(accuracy(answers), 1)["accuracy"].mean()
    assert np.isnan([found.low, found.high]).all()
    assert (found.kept, found.reason) == (0, "1 subject, fewer than 8")


def test_a_score_that_is_not_defined_without_a_subject_has_no_interval_and_counts_them():
    def first(times):
        return {"score": np.where(times[:, :1] > 0, 1.0, np.nan)}

    found = jackknife(first, 9)["score"]
    assert (found.value, found.kept, found.reason) == (1.0, 8, "not defined without 1 of 9 subjects")
    assert np.isnan([found.low, found.high]).all()


def test_a_score_that_one_seed_lacks_is_not_a_mean_of_the_others():
    found = jackknife(lambda times: {"score": np.tile([1.0, np.nan], (len(times), 1))}, 9)["score"]
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.kept == 0


def test_confusions_stand_by_subject_and_seed():
    table = draw_predictions((2, 3), subjects=4, seeds=(7, 3))
    names, confusions = confusions_by_subject(pd.concat([table.assign(frame=5, y_pred=0), table]))
    assert names == tuple(f"ai4pain/S0{number}" for number in range(4))
    assert confusions.shape == (4, 2, 2, 2)
    assert (confusions.sum(axis=-1) == [2, 3]).all()
    rows = table[(table["subject"] == "S02") & (table["seed"] == 7)]
    assert confusions[2, 1].trace() == (rows["y_true"] == rows["y_pred"]).sum()


def test_a_subject_name_in_two_datasets_is_two_subjects():
    table = draw_predictions(subjects=2)
    names, confusions = confusions_by_subject(pd.concat([table, table.assign(dataset="biovid")]))
    assert len(names) == len(confusions) == 4
