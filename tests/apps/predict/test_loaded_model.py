import shutil
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.apps.predict.test_pictures import PHOTOGRAPH
from transferpain.apps.predict.loaded_model import load_model
from transferpain.core.errors import UserError
from transferpain.inputs.faces.crop import crop_face
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.bundles.sklearn_bundle import save_head
from transferpain.models.bundles.sklearn_part import save_part
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import classifier

PREPROCESSING = Preprocessing(size=32, scaling="symmetric")
FACES = np.random.default_rng(0).integers(0, 256, (40, 50, 45, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def faces_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces") / "bundle"
    images = keras.Input((32, 32, 3), name="images")
    maps = keras.layers.Conv2D(4, 3, kernel_initializer=keras.initializers.HeNormal(seed=0), name="conv")(images)
    model = keras.Model(images, classifier(maps, classes=2, embedding=8, seed=0))
    save_bundle(folder, model, PREPROCESSING.model_dump(), ("no", "yes"), {"synthetic": True})
    return load_model(folder)


@pytest.fixture(scope="module")
def head_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("head") / "bundle"
    features = keras.Input((4,))
    model = keras.Model(features, keras.layers.Dense(2, activation="softmax")(features))
    save_bundle(folder, model, {}, ("no", "yes"), {"synthetic": False})
    return load_model(folder)


def test_faces_of_any_size_are_answered_row_by_row(faces_model):
    answers = faces_model.predict(FACES)
    assert (answers.shape, answers.dtype) == ((40, 2), np.float32)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(faces_model.predict(FACES[35:36])[0], answers[35], atol=1e-5)
    assert faces_model.classes == ("no", "yes")
    assert "SYNTHETIC" in repr(faces_model)
    named = replace(faces_model, bundle=replace(faces_model.bundle, labels=("no", "\x1b[2J")))
    assert repr(named).isprintable()


def test_no_face_gives_no_row(faces_model):
    assert faces_model.predict(FACES[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("faces", "todo"),
    [
        (FACES[0], r"faces\[None\]"),
        (FACES / 255.0, r"\* 255"),
        (FACES.astype(np.int64), "Stack crops"),
        (FACES[..., :1], "Stack crops"),
        (np.zeros((2, 0, 5, 3), np.uint8), "Stack crops"),
        (["face.png"], "Stack crops"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_to_do(faces_model, faces, todo):
    with pytest.raises(UserError, match=todo):
        faces_model.predict(faces)


def test_in_a_photograph_the_face_is_found_and_an_array_is_taken_for_cut_out_faces(faces_model):
    (row,) = faces_model.predict(str(PHOTOGRAPH)).to_dict("records")
    picture = cv2.imread(str(PHOTOGRAPH))[..., ::-1]
    face = crop_face(picture, [row[name] for name in ("left", "top", "right", "bottom")], 0, PREPROCESSING.size)
    assert [row["p_no"], row["p_yes"]] == pytest.approx(faces_model.predict(face[None])[0], abs=1e-5)
    assert row["answer"] in faces_model.classes
    assert row["synthetic"]
    with pytest.raises(UserError, match="no such picture"):
        faces_model.predict("nowhere.jpg")


def test_a_head_reads_features_and_says_so(head_model):
    answers = head_model.predict_features(np.ones((3, 4)))
    assert (answers.shape, answers.dtype) == ((3, 2), np.float32)
    with pytest.raises(UserError, match="predict_features"):
        head_model.predict(FACES)
    with pytest.raises(UserError, match="predict_features"):
        head_model.predict(PHOTOGRAPH)


@pytest.mark.parametrize("wrong", [np.ones((3, 5)), np.ones(4), np.full((3, 4), np.nan), np.full((3, 4), "a")])
def test_features_that_do_not_fit_are_refused(head_model, wrong):
    with pytest.raises(UserError, match=r"shape \(n, 4\)"):
        head_model.predict_features(wrong)


def test_a_network_of_pictures_reads_no_features(faces_model):
    with pytest.raises(UserError, match="reads no features"):
        faces_model.predict_features(np.ones((3, 4)))


def test_a_classifier_of_scikit_learn_answers_like_a_network(tmp_path):
    X, y = np.array([[0.0, 0], [1, 1], [0, 1], [1, 0]]), [0, 1, 0, 1]
    classifier = LogisticRegression().fit(X, y)
    save_head(tmp_path / "bundle", classifier, {}, ("no", "yes"), {"synthetic": False})
    found = load_model(tmp_path / "bundle").predict_features(X)
    np.testing.assert_allclose(found, classifier.predict_proba(X), atol=1e-6)


def test_a_model_with_classifiers_beside_its_network_says_that_the_network_answers_alone(faces_model, tmp_path, capsys):
    shutil.copytree(faces_model.folder, tmp_path / "bundle")
    trees = LogisticRegression().fit(np.eye(8), [0, 1] * 4)
    save_part(trees, tmp_path / "bundle", "hybrid-trees")
    answers = load_model(tmp_path / "bundle").predict(FACES)
    np.testing.assert_array_equal(answers, faces_model.predict(FACES))
    assert "parts/hybrid-trees.skops. Here its network answers alone" in capsys.readouterr().err


def test_a_network_on_landmarks_alone_is_not_called_a_head(tmp_path):
    landmarks = keras.Input((4, 6), name="landmarks")
    rows = keras.layers.LSTM(3)(landmarks)
    model = keras.Model(landmarks, keras.layers.Dense(2, activation="softmax")(rows))
    facts = {"synthetic": True, "reads": "faces", "strategy": "fused"}
    save_bundle(tmp_path / "bundle", model, {}, ("no", "yes"), facts)
    with pytest.raises(UserError, match=r"reads no pictures[\s\S]*landmarks of a face[\s\S]*\(n, 4, 6\)"):
        load_model(tmp_path / "bundle").predict(PHOTOGRAPH)


def test_a_damaged_or_other_bundle_is_refused(faces_model, tmp_path):
    with pytest.raises(UserError):
        load_model(tmp_path)
    with pytest.raises(UserError, match=r"digest|sha256"):
        load_model(f"{faces_model.folder}#sha256={'0' * 64}")
