import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from tests.evaluation.drawn import draw_counts, draw_predictions
from tests.evaluation.metrics.test_calibration_error import answers_of, whole
from transferpain.evaluation.metrics.proper_scores import proper_statistic
from transferpain.evaluation.resampling import read_answers, score_whole


def test_scores_of_two_classes_are_those_of_scikit_learn():
    answers = read_answers(draw_predictions((6, 4)))
    found = score_whole(proper_statistic(answers), answers.subjects)
    assert found["log_loss"][0] == pytest.approx(log_loss(answers.y_true, answers.probabilities))
    # Of two classes the squared error counts twice here, once in scikit-learn.
    assert found["brier"][0] == pytest.approx(2 * brier_score_loss(answers.y_true, answers.probabilities[:, 1]))


def test_every_draw_scores_as_its_repeated_clips_do():
    answers = read_answers(draw_predictions((3, 2, 2), subjects=8, seeds=(0, 1)))
    times = draw_counts(8, 10, seed=1)
    found = proper_statistic(answers)(times)
    for draw, repeats in enumerate(times.astype(int)):
        rows = np.repeat(np.arange(len(answers.y_true)), repeats[answers.subject] * (answers.seed == 1))
        true, probabilities = answers.y_true[rows], answers.probabilities[rows]
        assert found["log_loss"][draw, 1] == pytest.approx(log_loss(true, probabilities, labels=[0, 1, 2]))
        brier = ((probabilities - np.eye(3)[true]) ** 2).sum(axis=1).mean()
        assert found["brier"][draw, 1] == pytest.approx(brier)


def test_a_certain_answer_that_is_wrong_costs_much_and_not_infinitely_much():
    found = whole(proper_statistic(answers_of([0], [[0.0, 1.0]])))
    assert found["brier"] == 2
    assert found["log_loss"] == pytest.approx(-np.log(np.finfo(np.float32).eps))
