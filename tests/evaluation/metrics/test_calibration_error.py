import numpy as np
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.metrics import calibration_error as calibration
from transferpain.evaluation.resampling import Answers, read_answers, score_whole


def answers_of(y_true, probabilities, y_pred=None):
    probabilities = np.asarray(probabilities, dtype=float)
    zeros = np.zeros(len(y_true), dtype=np.int64)
    y_pred = probabilities.argmax(axis=1) if y_pred is None else np.asarray(y_pred)
    return Answers(np.asarray(y_true), y_pred, probabilities, zeros, zeros, 1, (0,))


def whole(statistic):
    return {name: values[0] for name, values in score_whole(statistic, 1).items()}


def test_calibration_error_by_hand():
    # Bins of 1/15: .62 and .65 are in (.600, .667], .9 and .92 in (.867, .933].
    answers = answers_of([0, 1, 0, 0], [[0.62, 0.38], [0.65, 0.35], [0.90, 0.10], [0.92, 0.08]])
    found = whole(calibration.error_statistic(answers))["calibration_error"]
    assert found == pytest.approx((abs(1.27 - 1) + abs(1.82 - 2)) / 4)
    low, high = calibration.describe_bins(answers)
    assert (low["clips"], low["confidence"], low["accuracy"]) == (2, pytest.approx(0.635), 0.5)
    assert (high["low"], high["high"], high["accuracy"]) == (pytest.approx(13 / 15), pytest.approx(14 / 15), 1.0)


def test_confidence_is_that_of_the_answer_even_if_another_class_is_more_probable():
    answers = answers_of([1], [[0.7, 0.3]], y_pred=[1])
    (row,) = calibration.describe_bins(answers)
    assert (row["confidence"], row["accuracy"]) == (pytest.approx(0.3), 1.0)


@pytest.mark.parametrize(("confidence", "number"), [(0.0, 0), (1 / 30, 0), (0.2, 2), (0.21, 3), (1.0, 14)])
def test_the_bins_hold_every_probability(confidence, number):
    bins = calibration.reliability(answers_of([1], [[1 - confidence, confidence]], y_pred=[1]))
    assert bins[0, 0, :, 0].argmax() == number
    assert bins[..., 0].sum() == 1


def test_the_bins_of_seeds_are_scored_apart():
    answers = read_answers(draw_predictions(seeds=(0, 1)))
    found = score_whole(calibration.error_statistic(answers), answers.subjects)["calibration_error"]
    alone = read_answers(draw_predictions(seeds=(0, 1)).query("seed == 1"))
    assert found[1] == pytest.approx(score_whole(calibration.error_statistic(alone), 10)["calibration_error"][0])
