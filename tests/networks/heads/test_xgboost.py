"""Boosted trees of XGBoost: what they learn is XGBoost's, in the same bits on any number of threads."""

import numpy as np
import pytest
import xgboost
from pydantic import ValidationError

from tests.networks.heads.sklearn_rows import rows_of, training_of
from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Rows
from transferpain.networks.heads.xgboost import XGBOOST, XGBoostSettings

Y = np.arange(80) % 2
NOISE = np.random.default_rng(1).random(80) < 0.2


def fit(settings: XGBoostSettings | None = None, weights=None, classes: int = 2, y=Y):
    rows = rows_of(np.where(NOISE, 1 - y, y) if classes == 2 else y, 6, weights)
    return XGBOOST.fit(settings or XGBoostSettings(kind="xgboost", trees=5), training_of(classes, 6), rows, rows)


def test_it_says_what_xgboost_says_with_these_settings():
    rows = rows_of(np.where(NOISE, 1 - Y, Y), 6)
    settings = XGBoostSettings(kind="xgboost", trees=7, depth=2, learning_rate=0.4, columns=0.5, l2=2.0)
    classifier = xgboost.XGBClassifier(
        n_estimators=7,
        max_depth=2,
        learning_rate=0.4,
        colsample_bynode=0.5,
        reg_lambda=2.0,
        objective="multi:softprob",
        num_class=2,
        tree_method="hist",
        n_jobs=1,
        random_state=derive_seed(0, "fold", "xgboost") % 2**31,
    ).fit(rows.all(), rows.y)
    np.testing.assert_array_equal(fit(settings).predict(rows.all()), classifier.predict_proba(rows.all()))


def test_threads_tell_on_no_bit(monkeypatch):
    x = rows_of(Y, 6).all()
    said = []
    for threads in ("1", "4"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        fitted = fit()
        said.append((fitted.classifier.content, fitted.predict(x).tobytes()))
    assert said[0] == said[1]


def test_weights_of_rows_count():
    x = np.zeros((1, 6), np.float32)
    x[0, 0] = 0.5
    low, high = (fit(weights=np.where(Y == 1, weight, 1.0)).predict(x)[0, 1] for weight in (0.2, 5.0))
    assert low < high - 0.2


@pytest.mark.parametrize("setting", [{"l2": 1e300}, {"learning_rate": 1e-320}, {"columns": 1e-320}])
def test_a_number_that_xgboost_cannot_hold_is_refused_before_anything_is_computed(setting):
    with pytest.raises(ValidationError, match=next(iter(setting))):
        XGBoostSettings(kind="xgboost", **setting)


@pytest.mark.parametrize("setting", [{"l2": 1e30}, {"learning_rate": 1e-30}, {"columns": 1e-30}])
def test_the_last_number_that_is_let_through_is_one_that_it_holds(setting):
    assert np.isfinite(fit(XGBoostSettings(kind="xgboost", trees=2, **setting)).predict(rows_of(Y, 6).all())).all()


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_feature_that_is_no_finite_number_is_refused_in_words(value):
    x = rows_of(Y, 6).all().copy()
    x[3, 2] = value
    rows = Rows(lambda places: x[places], Y, np.ones(len(Y), np.float32))
    with pytest.raises(UserError, match=rf"could not be fitted(.|\n)*{value} in 1 of 80 training rows"):
        XGBOOST.fit(XGBoostSettings(kind="xgboost"), training_of(2, 6), rows, rows)


def test_a_class_that_was_never_shown_is_hardly_said():
    said = fit(classes=3).predict(rows_of(Y, 6).all())
    assert said.shape == (80, 3)
    assert said[:, 2].max() < 0.34


def test_one_class_cannot_be_learned():
    rows = rows_of(np.zeros(10, int), 6)
    with pytest.raises(UserError, match="two classes to tell apart"):
        XGBOOST.fit(XGBoostSettings(kind="xgboost"), training_of(2, 6), rows, rows)


@pytest.mark.parametrize("wrong", [{"trees": 0}, {"depth": 0}, {"learning_rate": 0}, {"columns": 1.5}, {"l2": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        XGBoostSettings(kind="xgboost", **wrong)
