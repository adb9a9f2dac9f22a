from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.svm import LinearSVC

from tests.experiments.notebook.made import made_features, made_samples
from transferpain.core.errors import UserError
from transferpain.data.protocols.kinds.random_frames import LEAK_WARNING
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.evaluation.declared import ATTRIBUTE, check_predictions
from transferpain.experiments.notebook.cross_validation import cross_validate, protocol

COLUMNS = ["dataset", "subject", "clip", "frame", "fold", "seed", "part", "y_true", "y_pred", "p_0", "p_1", "coverage"]
MODEL = LogisticRegression()


@pytest.fixture(scope="module")
def samples():
    return made_samples()


@pytest.fixture
def X(samples):
    return np.random.default_rng(0).normal(0, 0.1, (len(samples), 4)) + samples.y.to_numpy(float)[:, None]


def test_every_subject_is_tested_by_a_model_that_never_saw_it(samples, X):
    table = cross_validate(MODEL, X, samples, "loso")
    assert table.columns.tolist() == COLUMNS
    assert (table["fold"] == table["subject"]).all()
    assert sorted(table["clip"]) == sorted(samples["clip"])
    assert (table["y_true"] == table["y_pred"]).all()
    assert set(table["frame"]) == {-1}
    expected = cross_val_predict(
        MODEL, X, samples.y.to_numpy(int), groups=samples.subject, cv=protocol("loso"), method="predict_proba"
    )
    np.testing.assert_allclose(table["p_1"], expected[:, 1], atol=1e-6)
    pd.testing.assert_frame_equal(check_predictions(table)[COLUMNS[:9]], table[COLUMNS[:9]])


def test_the_table_remembers_what_it_is_of(samples, X, tmp_path):
    table = cross_validate(MODEL, X, samples)
    known = table.attrs[ATTRIBUTE]
    assert (known["task"], known["protocol"], known["synthetic"]) == ("biovid-bl1-pa4", "loso", True)
    table.to_parquet(tmp_path / "table.parquet")
    assert pd.read_parquet(tmp_path / "table.parquet").attrs[ATTRIBUTE] == known
    joined = pd.concat([table, cross_validate(MODEL, X, samples, seed=1)], ignore_index=True)
    assert joined.attrs[ATTRIBUTE] == known


def test_a_sample_without_a_face_is_answered_with_the_training_prior(samples, X):
    X[5] = np.nan
    table = cross_validate(MODEL, X, samples).set_index("clip")
    assert table.loc[samples["clip"][5], ["p_0", "p_1", "coverage"]].tolist() == [0.5, 0.5, 0.0]
    assert (table["coverage"] == 0).sum() == 1


def test_features_tell_how_much_showed_a_face_and_where_they_come_from(samples, tmp_path):
    table = cross_validate(MODEL, made_features(tmp_path, samples, faceless=(0,)), samples)
    assert table["coverage"].round(3).tolist() == [0.0] + [0.667] * 15
    assert table.attrs[ATTRIBUTE]["source"].startswith("untrained")


def test_an_estimator_without_probabilities_is_sure(samples, X):
    table = cross_validate(LinearSVC(), X, samples)
    assert set(table["p_1"]) == {0.0, 1.0}
    assert (table["p_1"] == table["y_pred"]).all()


def test_the_seed_is_the_estimators_and_not_that_of_the_split(samples, X):
    noisy = X + np.random.default_rng(1).normal(0, 1, X.shape)
    folds = {"kind": "group_kfold", "folds": 2}
    one, again, other = (cross_validate(RandomForestClassifier(5), noisy, samples, folds, seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(one, again)
    assert one["fold"].equals(other["fold"])
    assert not one["p_1"].equals(other["p_1"])


def test_a_protocol_is_a_kind_settings_or_a_splitter(samples, X):
    settings = ProtocolSettings(kind="group_kfold", folds=2)
    tables = [
        cross_validate(MODEL, X, samples, given)
        for given in (settings, {"kind": "group_kfold", "folds": 2}, protocol("group_kfold", folds=2))
    ]
    assert all(table.equals(tables[0]) for table in tables)


def test_a_split_that_leaks_warns_and_the_table_remembers_it(samples, X, capsys):
    table = cross_validate(MODEL, X, samples, {"kind": "random_frames", "folds": 2, "allow_leakage": True})
    assert "LEAKS ON PURPOSE" in capsys.readouterr().err
    assert table.attrs[ATTRIBUTE]["warnings"] == [LEAK_WARNING]


def test_a_bare_table_of_samples_is_enough(samples, X):
    table = samples.table[["dataset", "subject", "clip"]].assign(y=samples.y.astype(float))
    table.loc[3, "y"] = np.nan
    found = cross_validate(MODEL, X, table)
    assert found["y_true"].isna().sum() == 1
    assert found.attrs[ATTRIBUTE]["classes"] == ["0", "1"]


@pytest.mark.parametrize("y", [[0.5] * 16, ["pain"] * 16, [-1] * 16, [None] * 16])
def test_labels_that_are_no_classes_are_refused(samples, X, y):
    with pytest.raises(UserError, match="These samples cannot be used"):
        cross_validate(MODEL, X, samples.table.assign(y=y))


def test_samples_without_a_subject_are_refused(samples, X):
    for table in (samples.table.drop(columns="subject"), samples.table.assign(subject=None), list("abc")):
        with pytest.raises(UserError, match="These samples cannot be used"):
            cross_validate(MODEL, X, table)


@pytest.mark.parametrize("wrong", [np.zeros((3, 2)), np.zeros(16), np.full((16, 2), "a"), None])
def test_an_x_that_does_not_fit_is_refused(samples, wrong):
    with pytest.raises(UserError, match="X does not fit the samples"):
        cross_validate(MODEL, wrong, samples)


def test_features_of_other_samples_are_refused(samples, tmp_path):
    features = made_features(tmp_path, samples)
    with pytest.raises(UserError, match="not those of the samples"):
        cross_validate(MODEL, features, samples.select(np.arange(16)[::-1] >= 8))
    for name in ("dataset", "subject"):  # whose clips are called alike
        with pytest.raises(UserError, match="not those of the samples"):
            cross_validate(MODEL, features, samples.table.assign(**{name: "other"}))


@pytest.mark.parametrize("wrong", [LinearRegression(), "logistic", None])
def test_what_is_no_classifier_is_refused(samples, X, wrong):
    with pytest.raises(UserError, match="This is no classifier"):
        cross_validate(wrong, X, samples)


def test_an_estimator_that_fails_names_the_fold(samples, X):
    with pytest.raises(UserError, match="could not be fitted on the fold s0"):
        cross_validate(LogisticRegression(C=-1), X, samples)


@pytest.mark.parametrize("wrong", ["leave-one-out", {"kind": "loso", "fold": 3}, {"kind": "random_frames"}, 3])
def test_a_protocol_that_cannot_be_used_is_refused(samples, X, wrong):
    with pytest.raises(UserError, match=r"protocol"):
        cross_validate(MODEL, X, samples, wrong)


def test_spellings_of_one_person_are_refused_in_a_bare_table_and_confirmed_where_an_index_let_them_pass(samples, X):
    spelt = samples.table.assign(subject=samples.table["subject"].replace("s1", "S0"))
    with pytest.raises(UserError, match=r"in the samples of biovid have(.|\n)*'s0' and 'S0'"):
        cross_validate(MODEL, X, spelt[["dataset", "subject", "clip", "y"]])
    table = cross_validate(MODEL, X, replace(samples, table=spelt))
    assert table.attrs[ATTRIBUTE]["distinct_subjects"] == [["s0", "S0"]]
    assert check_predictions(table)["subject"].nunique() == 4
    table.attrs = {}
    with pytest.raises(UserError, match=r"has one name(.|\n)*biovid: 'S0' and 's0'"):
        check_predictions(table)
