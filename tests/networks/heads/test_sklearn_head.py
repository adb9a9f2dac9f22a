import numpy as np
import pytest

from tests.networks.heads.sklearn_rows import rows_of, training_of
from transferpain.core.errors import UserError
from transferpain.networks.heads.gradient_boosting import GRADIENT_BOOSTING
from transferpain.networks.heads.logistic_regression import LOGISTIC_REGRESSION
from transferpain.networks.heads.random_forest import RANDOM_FOREST
from transferpain.networks.heads.svm import SVM

HEADS = (LOGISTIC_REGRESSION, SVM, RANDOM_FOREST, GRADIENT_BOOSTING)
QUICK = {"random_forest": {"trees": 5}, "gradient_boosting": {"trees": 5, "learning_rate": 1.0}}


def fit(head, y, classes=2, **changes):
    settings = head.Settings(kind=head.name, **QUICK.get(head.name, {}) | changes)
    return head.fit(settings, training_of(classes), rows_of(y), rows_of([0, 1]))


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)
def test_one_class_teaches_nothing(head):
    with pytest.raises(UserError, match=r"mine fold0 seed 0(.|\n)*one class(.|\n)*4 training rows of class 1"):
        fit(head, [1, 1, 1, 1])


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)
def test_a_class_that_was_never_shown_has_no_probability(head):
    said = fit(head, [0, 2] * 6, classes=3).predict(rows_of([0, 2, 0, 2]).all())
    assert said.dtype == np.float32
    assert (said[:, 1] == 0).all()
    assert said.argmax(axis=1).tolist() == [0, 2, 0, 2]


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.name)
def test_rows_count_by_their_weight(head):
    y = np.array([0, 1] * 8)
    x = np.zeros((16, 1), np.float32)  # nothing tells the classes apart but how much they count
    settings = head.Settings(kind=head.name, **QUICK.get(head.name, {}))
    said = []
    for weight in (1.0, 4.0):
        rows = rows_of(y, weights=np.where(y == 1, weight, 1.0))
        rows = type(rows)(lambda positions: x[positions], rows.y, rows.weights)
        said.append(head.fit(settings, training_of(width=1), rows, rows).predict(x[:1])[0, 1])
    assert said[0] == pytest.approx(0.5, abs=0.1)
    assert said[1] > 0.6


def test_a_machine_needs_two_rows_of_each_class():
    with pytest.raises(UserError, match="1 training rows of class 1"):
        fit(SVM, [0, 0, 0, 1])


def test_a_machine_that_has_not_settled_is_told(capsys):
    y = np.arange(60) % 3
    rows = rows_of(y, width=200)
    ones = type(rows)(lambda positions: np.ones((60, 200), np.float32)[positions], rows.y, rows.weights)
    SVM.fit(SVM.Settings(kind="svm", c=1e6), training_of(3, width=200), ones, ones)
    assert "warning: the head of mine fold0 seed 0 had not settled" in " ".join(capsys.readouterr().err.split())
    SVM.fit(SVM.Settings(kind="svm"), training_of(3, width=200), rows, rows)
    assert capsys.readouterr().err == ""


def test_features_that_never_change_give_the_shares_of_the_classes():
    for head in HEADS:
        y = np.array([0, 1, 1, 1] * 6)
        rows = rows_of(y)
        even = type(rows)(lambda positions: np.ones((24, 3), np.float32)[positions], rows.y, rows.weights)
        settings = head.Settings(kind=head.name, **QUICK.get(head.name, {}))
        said = head.fit(settings, training_of(), even, even).predict(even.all()[:2])
        assert said[:, 1] == pytest.approx([0.75, 0.75], abs=0.1), head.name


def test_a_strong_penalty_keeps_the_answer_near_the_prior():
    x, y = rows_of([0, 1]).all(), [0, 1] * 10
    weak, strong = (fit(LOGISTIC_REGRESSION, y, c=c).predict(x)[1, 1] for c in (10.0, 1e-4))
    assert strong == pytest.approx(0.5, abs=0.05)
    assert weak > 0.9


@pytest.mark.parametrize(("head", "changes"), [(RANDOM_FOREST, {"depth": 1}), (GRADIENT_BOOSTING, {"depth": 1})])
def test_the_settings_are_those_of_the_trees(head, changes):
    trees = fit(head, [0, 1] * 8, **changes).classifier.steps[-1][1]
    grown = np.ravel(trees.estimators_)
    assert len(grown) == 5
    assert {tree.get_depth() for tree in grown} == {1}
