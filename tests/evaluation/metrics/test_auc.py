import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.evaluation.drawn import draw_counts, draw_predictions
from transferpain.evaluation import ranking
from transferpain.evaluation.metrics.auc import ONE_CLASS, ranking_statistic, why_no_area
from transferpain.evaluation.resampling import read_answers, score_whole


def auc(answers):
    return score_whole(ranking_statistic(answers), answers.subjects)["auc"]


def coarse(table):
    """Round the probabilities, so that many are equal."""
    columns = [column for column in table if column.startswith("p_")]
    return table.assign(**table[columns].round(1))


def test_two_classes_have_the_area_of_the_second():
    table = coarse(draw_predictions((5, 3), seeds=(0, 1)))
    answers = read_answers(table)
    for position, (_, rows) in enumerate(table.groupby("seed")):
        assert auc(answers)[position] == pytest.approx(roc_auc_score(rows["y_true"].astype(int), rows["p_1"]))


def test_several_classes_have_the_macro_one_v_rest_area():
    table = draw_predictions((5, 3, 2))
    oracle = roc_auc_score(
        table["y_true"].astype(int), table[["p_0", "p_1", "p_2"]], multi_class="ovr", average="macro"
    )
    assert auc(read_answers(table))[0] == pytest.approx(oracle)


def test_a_class_that_does_not_occur_enters_no_mean():
    table = draw_predictions((4, 0, 4), skill=0.8)
    answers = read_answers(table)
    areas = [roc_auc_score(table["y_true"] == number, table[f"p_{number}"]) for number in (0, 2)]
    assert auc(answers)[0] == pytest.approx(np.mean(areas))
    assert np.isnan(ranking.class_area(answers, 1))
    assert ranking.class_area(answers, 2) == pytest.approx(areas[1])


def test_one_class_has_no_area_and_says_why():
    table = draw_predictions((4, 4)).assign(y_true=pd.array([1] * 80, dtype="Int64"))
    answers = read_answers(table)
    assert np.isnan(auc(answers)).all()
    assert why_no_area(answers, 0) == ONE_CLASS
    assert why_no_area(read_answers(draw_predictions((4, 4))), 0) is None


def test_every_draw_has_the_area_of_its_repeated_clips():
    answers = read_answers(coarse(draw_predictions((3, 2, 2), subjects=8, spread=0.2)))
    times = draw_counts(8, 20, seed=3)
    found = ranking_statistic(answers)(times)["auc"][:, 0]
    for draw, repeats in enumerate(times.astype(int)):
        rows = np.repeat(np.arange(len(answers.y_true)), repeats[answers.subject])
        areas = [roc_auc_score(answers.y_true[rows] == k, answers.probabilities[rows, k]) for k in range(3)]
        assert found[draw] == pytest.approx(np.mean(areas))


def test_a_draw_that_lost_a_class_has_no_area():
    table = draw_predictions((2, 2), subjects=2)
    table["y_true"] = pd.array((table["subject"] == "S01").astype(int), dtype="Int64")
    found = ranking_statistic(read_answers(table))(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))["auc"]
    assert np.isnan(found[:, 0]).tolist() == [False, True, True]


def test_images_that_are_their_own_subjects_are_counted_along_the_ranks(monkeypatch):
    table = draw_predictions((1, 0, 0), subjects=60).assign(y_true=pd.array([0, 1, 2] * 20, dtype="Int64"))
    answers = read_answers(table)
    fast = auc(answers)
    monkeypatch.setattr(ranking, "PAIRS_PER_CLIP", 1e9)
    np.testing.assert_allclose(auc(answers), fast)
