import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.resampling import (
    bootstrap,
    confusions_by_subject,
    draw_subjects,
    read_answers,
    score_whole,
)
from transferpain.evaluation.statistics import bootstrap_subjects


def accuracy(answers):
    right = answers.sum_by_subject(np.stack([answers.y_pred == answers.y_true, np.ones(len(answers.y_true))], axis=-1))

    def score(times):
        hits, clips = np.moveaxis(np.tensordot(times, right, axes=1), -1, 0)
        return {"accuracy": hits / clips}

    return score


def test_draws_are_those_of_the_other_scores():
    table = draw_predictions(subjects=12, seeds=(0, 1), spread=0.2)
    answers = read_answers(table)
    expected = bootstrap_subjects(table, ("accuracy",), draws=250)["accuracy"]
    found = bootstrap(accuracy(answers), answers.subjects, draws=250)["accuracy"]
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert found.draws == expected.draws == 250


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


def test_each_draw_draws_as_many_subjects_as_there_are():
    times = np.concatenate(list(draw_subjects(7, 230, seed=0)))
    assert times.shape == (230, 7)
    assert set(times.sum(axis=1)) == {7}


def test_one_subject_has_no_interval():
    answers = read_answers(draw_predictions(subjects=1))
    found = bootstrap(accuracy(answers), answers.subjects)["accuracy"]
    assert found.value == score_whole(accuracy(answers), 1)["accuracy"].mean()
    assert np.isnan([found.low, found.high]).all()
    assert found.draws == 0


def test_a_draw_without_a_score_is_left_out_and_counted():
    def first_drawn(times):
        return {"score": np.where(times[:, :1] > 0, times[:, :1], np.nan)}

    found = bootstrap(first_drawn, 5, draws=1000)["score"]
    # A subject of five is missing from a draw with probability .8 ** 5 = .328.
    assert 600 < found.draws < 740
    assert found.low >= 1


def test_a_score_that_one_seed_lacks_is_not_a_mean_of_the_others():
    found = bootstrap(lambda times: {"score": np.tile([1.0, np.nan], (len(times), 1))}, 5, draws=100)["score"]
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.draws == 0


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
