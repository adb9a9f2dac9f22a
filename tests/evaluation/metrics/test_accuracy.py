import numpy as np
from sklearn.metrics import accuracy_score

from tests.evaluation.test_confusion import ANN, answers_of
from transferpain.evaluation.metrics.accuracy import accuracy


def test_is_that_of_scikit_learn():
    assert accuracy(ANN) == accuracy_score(*answers_of(ANN))


def test_a_constant_answer_has_the_share_of_its_class():
    assert accuracy(np.array([[0, 12, 0], [0, 144, 0], [0, 144, 0]])) == 0.48
