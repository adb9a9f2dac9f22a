import pytest
from sklearn.dummy import DummyClassifier

from tests.evaluation.test_confusion import ANN, answers_of
from transferpain.evaluation.metrics.majority_class_accuracy import majority_class_accuracy


def test_is_that_of_the_most_frequent_answer():
    y_true, y_pred = answers_of(ANN)
    constant = DummyClassifier(strategy="most_frequent").fit(y_pred[:, None], y_true)
    assert majority_class_accuracy(ANN) == pytest.approx(constant.score(y_pred[:, None], y_true)) == 0.48
