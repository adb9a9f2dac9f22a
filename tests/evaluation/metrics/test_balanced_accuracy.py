import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from tests.evaluation.test_confusion import ANN, answers_of
from transferpain.evaluation.metrics.balanced_accuracy import balanced_accuracy


def test_is_that_of_scikit_learn():
    assert balanced_accuracy(ANN) == pytest.approx(balanced_accuracy_score(*answers_of(ANN)))


def test_a_constant_answer_is_at_chance():
    assert balanced_accuracy(np.array([[0, 12, 0], [0, 144, 0], [0, 144, 0]])) == pytest.approx(1 / 3)


def test_a_class_that_does_not_occur_enters_no_mean():
    assert balanced_accuracy(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])) == pytest.approx((0.75 + 1) / 2)
