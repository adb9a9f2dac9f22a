import numpy as np
import pytest
from sklearn.metrics import f1_score

from tests.evaluation.test_confusion import ANN, answers_of
from transferpain.evaluation.metrics.macro_f1 import macro_f1


def test_is_that_of_scikit_learn():
    assert macro_f1(ANN) == pytest.approx(f1_score(*answers_of(ANN), average="macro"))


def test_a_class_that_is_never_answered_counts_as_zero():
    assert macro_f1(np.array([[4, 0], [4, 0]])) == pytest.approx((2 / 3 + 0) / 2)
