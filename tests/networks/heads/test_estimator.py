import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_predict

from transferpain.core.errors import UserError
from transferpain.networks.heads.estimator import HeadClassifier
from transferpain.networks.training.settings import TrainingSettings

TRAINING = {"epochs": 8, "batch": 8, "optimizer": {"learning_rate": 0.03}}
LABELS = np.repeat([0, 1], 30)
X = np.random.default_rng(0).normal(0, 0.3, (60, 6)).astype(np.float32) + LABELS[:, None]
Y = np.array(["rest", "pain"])[LABELS]


def small(**changes) -> HeadClassifier:
    return HeadClassifier(**({"kind": "ann", "hidden": (8,), "training": TRAINING} | changes))


@pytest.mark.slow
def test_it_is_cross_validated_by_scikit_learn():
    probabilities = cross_val_predict(small(), X, Y, cv=2, method="predict_proba")
    assert probabilities.shape == (60, 2)
    assert (np.array(["pain", "rest"])[probabilities.argmax(axis=1)] == Y).mean() > 0.8


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_and_rows_do_not_mix():
    short = TRAINING | {"epochs": 2}
    one, again, other = (small(random_state=seed, training=short).fit(X, Y) for seed in (0, None, 1))
    np.testing.assert_array_equal(one.predict_proba(X), again.predict_proba(X))
    assert not np.array_equal(one.predict_proba(X), other.predict_proba(X))
    np.testing.assert_allclose(one.predict_proba(X[3:4])[0], one.predict_proba(X)[3], atol=1e-6)
    assert one.classes_.tolist() == ["pain", "rest"]
    assert one.n_features_in_ == 6
    assert "val_loss" in one.history_


def test_parameters_are_those_of_the_head_too():
    head = small(training=TrainingSettings(epochs=1))
    assert clone(head).get_params() == head.get_params()
    assert head.get_params()["dropout"] == 0.3
    assert head.set_params(dropout=0.1, random_state=4).get_params()["dropout"] == 0.1
    assert is_classifier(head)
    with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
        head.set_params(depth=3)


def test_groups_are_set_aside_whole():
    groups = np.arange(60) % 10
    chosen = small()
    chosen.classes_ = np.unique(Y)
    aside = chosen._set_aside(LABELS, groups)
    assert len(set(groups[aside])) == 2
    assert not set(groups[aside]) & set(groups[~aside])


@pytest.mark.slow
def test_a_head_of_windows_reads_three_dimensions():
    windows = np.repeat(X[:, None], 3, axis=1)
    head = HeadClassifier("lstm", training={"epochs": 1}).fit(windows, Y)
    assert head.predict(windows[:4]).shape == (4,)
    with pytest.raises(ValueError, match="rows of the shape"):
        head.predict(windows[:, :2])


def test_windows_are_for_heads_of_windows_and_single_rows_for_the_others():
    windows = np.repeat(X[:, None], 3, axis=1)
    with pytest.raises(UserError, match="reads windows"):
        HeadClassifier("lstm").fit(X, Y)
    with pytest.raises(UserError, match="reads single rows"):
        small().fit(windows, Y)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"kind": "annn"}, "This head is unknown"),
        ({"hiden": (8,)}, "Did you mean `hidden`"),
        ({"training": {"epoch": 3}}, "Did you mean `epochs`"),
        ({"selection_share": 1.0}, "lies between 0 and 1"),
        ({"selection_share": 0.001}, "too few rows"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(changes, what):
    with pytest.raises(UserError, match=what):
        small(**changes).fit(X, Y)


def test_rows_that_cannot_be_fitted_are_refused():
    with pytest.raises(UserError, match="too few rows"):
        small().fit(X[:30], Y[:30])
    with pytest.raises(ValueError, match="NaN"):
        small().fit(np.full_like(X, np.nan), Y)
    with pytest.raises(NotFittedError):
        small().predict(X)
