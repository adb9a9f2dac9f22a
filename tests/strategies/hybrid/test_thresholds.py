"""Against scikit-learn's scores at every possible threshold."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from transferpain.strategies.hybrid.thresholds import tune_threshold


@pytest.fixture
def answers():
    random = np.random.default_rng(7)
    is_pain = random.random(60) < 0.3
    # Coarse, so that many faces share a probability.
    return np.round(np.clip(random.normal(0.35 + 0.25 * is_pain, 0.2), 0, 1), 2), is_pain


def every_cut(probability):
    values = np.unique(probability)
    return [-0.1, *((values[1:] + values[:-1]) / 2), 1.1]


def test_weighted_f1_is_the_best_there_is(answers):
    probability, is_pain = answers
    found = tune_threshold(probability, is_pain, "weighted_f1")
    scores = [f1_score(is_pain, probability >= cut, average="weighted") for cut in every_cut(probability)]
    assert found.score == pytest.approx(max(scores))
    assert f1_score(is_pain, probability >= found.value, average="weighted") == pytest.approx(max(scores))


def test_youden_is_the_best_there_is(answers):
    probability, is_pain = answers
    found = tune_threshold(probability, is_pain, "youden")

    def youden(cut):
        called = probability >= cut
        return called[is_pain].mean() - called[~is_pain].mean()

    assert found.score == pytest.approx(max(map(youden, every_cut(probability))))
    assert youden(found.value) == pytest.approx(found.score)


@pytest.mark.parametrize("precision", [0.4, 0.6, 0.8])
def test_recall_at_precision_keeps_the_precision(answers, precision):
    probability, is_pain = answers
    found = tune_threshold(probability, is_pain, "recall_at_precision", precision)
    called = probability >= found.value
    allowed = [
        recall_score(is_pain, probability >= cut)
        for cut in every_cut(probability)
        if precision_score(is_pain, probability >= cut, zero_division=0) >= precision
    ]
    assert found.reached
    assert precision_score(is_pain, called) >= precision
    assert recall_score(is_pain, called) == pytest.approx(max(allowed)) == pytest.approx(found.score)


def test_a_precision_that_no_threshold_has_is_told():
    found = tune_threshold(np.array([0.9, 0.8, 0.7, 0.1]), np.array([0, 1, 0, 0]), "recall_at_precision", 0.9)
    assert not found.reached
    # The best there is: the two highest are called pain, one of them rightly.
    assert found.score == pytest.approx(0.5)
    assert 0.7 < found.value < 0.8


def test_of_equal_thresholds_the_nearest_to_one_half_is_taken():
    # Between .3 and .9 nothing lies: all of it is as good.
    assert tune_threshold(np.array([0.1, 0.3, 0.9]), np.array([0, 0, 1]), "youden").value == pytest.approx(0.6)


def test_equal_probabilities_pass_together():
    found = tune_threshold(np.full(4, 0.25), np.array([0, 1, 0, 1]), "youden")
    assert found.score == 0


def test_one_answer_tunes_nothing():
    with pytest.raises(ValueError, match="both answers"):
        tune_threshold(np.array([0.1, 0.2]), np.array([1, 1]), "youden")
