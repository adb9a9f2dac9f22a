import numpy as np
import pytest
from sklearn.metrics import precision_score

from tests.evaluation.test_confusion import ANN, answers_of
from transferpain.evaluation.metrics.macro_precision import macro_precision


def test_is_that_of_scikit_learn():
    assert macro_precision(ANN) == pytest.approx(precision_score(*answers_of(ANN), average="macro"))


def test_a_class_that_does_not_occur_enters_no_mean():
    assert macro_precision(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])) == pytest.approx((1 + 0.8) / 2)
