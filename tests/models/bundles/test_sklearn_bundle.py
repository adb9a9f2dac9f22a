"""A bundle without a network: a classifier of scikit-learn answers, and everything is checked all the same."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from tests.models.bundles.bundles import LABELS, save_small, small_model, vouch_again
from tests.models.bundles.complete import PREPROCESSING, drawn_metrics, facts_for
from transferpain.core.errors import UserError
from transferpain.core.store import file_hash, json_text
from transferpain.models.bundles.bundle import extend_bundle, read_bundle, save_bundle
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.manifest import COMPLETE, load_manifest, manifest_hash, needed, read_complete
from transferpain.models.bundles.places import fetch_model, send_model
from transferpain.models.bundles.probe import make_probe, other_versions, reproduce
from transferpain.models.bundles.sklearn_bundle import SklearnHead, read_any_bundle, read_head, save_head
from transferpain.models.bundles.sklearn_part import part_bytes
from transferpain.models.bundles.verify import verify_model

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
SYNTHETIC = {"synthetic": True}


def pipeline():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def boosting():
    return make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=2, random_state=0)).fit(X, Y)


@pytest.fixture
def bundle(tmp_path) -> Path:
    save_head(tmp_path / "bundle", pipeline(), PREPROCESSING, LABELS, SYNTHETIC)
    return tmp_path / "bundle"


@pytest.fixture
def complete(tmp_path) -> Path:
    """A bundle as a finished run keeps it."""
    scratch, metrics = tmp_path / "fold", drawn_metrics()
    save_head(scratch, pipeline(), PREPROCESSING, LABELS, facts_for("ferplus", False))
    files = {
        "experiment.yaml": b"name: ferplus-small\n",
        "metrics.json": json_text(metrics).encode(),
        "probe.npz": make_probe(read_any_bundle(scratch).model),
        "README.md": render_card(load_manifest(scratch), metrics, list(LABELS), PREPROCESSING).encode(),
    }
    extend_bundle(scratch, tmp_path / "complete", files, {})
    return tmp_path / "complete"


@pytest.mark.parametrize(
    "fit", [pipeline, pytest.param(boosting, marks=pytest.mark.slow), lambda: LogisticRegression().fit(X, Y)]
)
def test_a_classifier_answers_as_it_did_and_has_the_same_bytes_each_time(fit, tmp_path):
    classifier = fit()
    digest = save_head(tmp_path / "one", classifier, PREPROCESSING, LABELS, SYNTHETIC)
    assert digest == save_head(tmp_path / "two", fit(), PREPROCESSING, LABELS, SYNTHETIC)
    read = read_head(tmp_path / "one")
    np.testing.assert_array_equal(read.model.answer(X), classifier.predict_proba(X).astype(np.float32))
    assert (read.labels, read.preprocessing, read.model.dimension) == (LABELS, PREPROCESSING, 4)


def test_the_manifest_says_what_answers(bundle):
    manifest = load_manifest(bundle)
    assert sorted(manifest["files"]) == ["labels.json", "parts/head.skops", "preprocess.json"]
    assert manifest["answers"] == "parts/head.skops"
    assert manifest["weights_hash"] == file_hash(bundle / "parts" / "head.skops")
    assert manifest["versions"].keys() >= {"scikit-learn", "transferpain"}


def test_a_class_that_was_never_shown_gets_nothing(tmp_path):
    save_head(tmp_path / "three", pipeline(), PREPROCESSING, ("a", "b", "c"), SYNTHETIC)
    said = read_head(tmp_path / "three").model.answer(X)
    assert said.shape == (60, 3)
    assert not said[:, 2].any()


def test_a_network_stays_what_it_was(tmp_path):
    folder = save_small(tmp_path / "network")
    assert "answers" not in load_manifest(folder)
    assert read_any_bundle(folder).model.output_shape == (None, 2)


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (lambda: KNeighborsClassifier().fit(X, Y), "no bundle can hold"),
        (lambda: make_pipeline(MinMaxScaler(), LogisticRegression()).fit(X, Y), "no bundle can hold"),
        (lambda: LogisticRegression().fit(X, np.array(["none", "pain"])[Y]), "where classes are 0 .. 1"),
        (lambda: LogisticRegression().fit(X, Y + 1), "where classes are 0 .. 1"),
    ],
    ids=["knn", "scaler", "names", "shifted"],
)
def test_what_cannot_be_read_again_is_not_written(classifier, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        save_head(tmp_path / "bundle", classifier(), PREPROCESSING, LABELS, SYNTHETIC)
    assert not (tmp_path / "bundle").exists()


def test_it_must_be_said_whether_it_is_synthetic(tmp_path):
    with pytest.raises(ValueError, match="must say `synthetic`"):
        save_head(tmp_path / "bundle", pipeline(), PREPROCESSING, LABELS, {})


def test_whoever_needs_a_network_is_told_that_there_is_none(bundle):
    with pytest.raises(UserError, match=r"holds no network[\s\S]*parts/head\.skops"):
        read_bundle(bundle)


def test_a_network_beside_the_head_would_leave_open_who_answers(bundle, tmp_path):
    shutil.copyfile(save_small(tmp_path / "network") / "model.keras", bundle / "model.keras")
    vouch_again(bundle)
    with pytest.raises(UserError, match="is not a bundle"):
        read_any_bundle(bundle)


def test_without_the_file_that_answers_it_is_no_bundle(bundle):
    shutil.rmtree(bundle / "parts")
    vouch_again(bundle)
    with pytest.raises(UserError, match="is not a bundle"):
        read_any_bundle(bundle)


def test_another_file_cannot_be_named_as_what_answers(bundle):
    vouch_again(bundle, answers="parts/other.skops")
    with pytest.raises(UserError, match="whose `answers` is wrong"):
        load_manifest(bundle)


def test_a_false_hash_of_the_weights_is_refused(bundle):
    vouch_again(bundle, weights_hash="0" * 64)
    with pytest.raises(UserError, match="weights_hash"):
        read_head(bundle)


@pytest.mark.parametrize("part", [StandardScaler().fit(X), LogisticRegression().fit(X, Y + 5)], ids=["scaler", "other"])
def test_a_part_that_does_not_answer_is_refused(part, bundle):
    (bundle / "parts" / "head.skops").write_bytes(part_bytes(part))
    vouch_again(bundle, weights_hash=file_hash(bundle / "parts" / "head.skops"))
    with pytest.raises(UserError, match="is refused"):
        read_head(bundle)


def test_trees_in_a_pipeline_that_would_write_beside_the_answer_are_refused(bundle):
    hostile = boosting()
    three = GradientBoostingClassifier(n_estimators=2, random_state=0).fit(X, np.arange(60) % 3)
    hostile.steps[-1][1].estimators_ = three.estimators_
    (bundle / "parts" / "head.skops").write_bytes(part_bytes(hostile))
    vouch_again(bundle, weights_hash=file_hash(bundle / "parts" / "head.skops"))
    with pytest.raises(UserError, match="3 trees a round for 1 columns"):
        read_head(bundle)


def test_it_is_verified_and_gives_the_same_numbers_again(complete):
    assert set(needed(read_complete(complete), COMPLETE)) == set(read_complete(complete)["files"])
    lines = {line.what: line for line in verify_model(str(complete), None, rerun=True)}
    assert all(line.good for line in lines.values())
    assert "same numbers, float32" in lines
    assert "same numbers, bfloat16" not in lines
    assert [one.dtype for one in reproduce(complete)] == ["float32"]


def test_another_classifier_does_not_agree_with_the_probe(complete):
    (complete / "parts" / "head.skops").write_bytes(part_bytes(LogisticRegression(C=0.01).fit(X, Y)))
    vouch_again(complete, weights_hash=file_hash(complete / "parts" / "head.skops"))
    assert not reproduce(complete)[0].agrees


def test_a_probe_of_other_features_does_not_fit(complete):
    probe = make_probe(SklearnHead(LogisticRegression().fit(X[:, :3], Y), 2))
    (complete / "probe.npz").write_bytes(probe)
    vouch_again(complete)
    with pytest.raises(UserError, match="does not fit its model"):
        reproduce(complete)


def test_it_is_passed_on_like_any_other(complete, tmp_path):
    send_model(str(complete), str(tmp_path / "mine.zip"), "")
    folder = fetch_model(str(tmp_path / "mine.zip"), None, tmp_path / "elsewhere")
    assert manifest_hash(folder) == manifest_hash(complete)
    assert "library_name: sklearn" in (folder / "README.md").read_text()


def test_what_is_missing_is_named(bundle):
    with pytest.raises(UserError, match=r"has parts/head\.skops, preprocess\.json"):
        read_complete(bundle)


def test_versions_of_scikit_learn_are_compared(bundle, tmp_path):
    manifest = load_manifest(bundle)
    assert other_versions(manifest) == []
    manifest["versions"] |= {"scikit-learn": "1.0", "keras": "3.0.0"}
    (sentence,) = other_versions(manifest)
    assert sentence.endswith("the model was saved with 1.0")


def test_a_network_with_another_number_of_labels_is_refused(tmp_path):
    save_bundle(tmp_path / "network", small_model(), PREPROCESSING, LABELS, SYNTHETIC)
    (tmp_path / "network" / "labels.json").write_text('["one"]')
    vouch_again(tmp_path / "network")
    with pytest.raises(UserError, match=r"labels .* for 2 outputs"):
        read_any_bundle(tmp_path / "network")
