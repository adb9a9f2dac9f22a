import cv2
import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier

from tests.apps.edge.small_fused import save_small_fused
from tests.apps.live.live_models import LABELS, SIZE, save_live_model
from tests.inputs.landmarks.drawn import drawn_person
from tests.models.bundles.bundles import save_small
from transferpain.apps.edge.convert import convert
from transferpain.apps.edge.lite import EDGE
from transferpain.apps.edge.parts import split_model
from transferpain.apps.live.model import LiveModel, crop_seen, load_live_model
from transferpain.core.errors import UserError
from transferpain.core.store import file_hash, write_json
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_detector
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.models.bundles.bundle import read_bundle
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.models.bundles.sklearn_part import save_part
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.strategies.fused.inputs import landmark_rows
from transferpain.strategies.fused.settings import FusionSettings

FACES = FaceSettings(size=SIZE)


def ask(model: LiveModel, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return what a model answers to a frame with landmarks `(frames, 478, 3)`."""
    return model.answer(model.see(picture, landmarks[-1]), landmarks)


def points_of(picture: np.ndarray) -> np.ndarray:
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5), faces=4)
    forget_faces(mesh)
    return find_points(mesh, picture)


@pytest.mark.parametrize("synthetic", [True, False])
def test_it_answers_what_the_network_answers_to_the_crop(tmp_path, synthetic):
    model = load_live_model(str(save_live_model(tmp_path / "bundle", synthetic)), dtype="float32")
    assert model.labels == LABELS
    assert model.synthetic == ("drawn faces" if synthetic else "")
    picture = drawn_person()
    (landmarks,) = points_of(picture)
    answer = ask(model, picture, landmarks[None])
    means = crop_seen(picture, landmarks, FACES).mean(axis=(0, 1)) / 25.5
    assert answer.dtype == np.float32
    assert answer == pytest.approx(np.exp(means) / np.exp(means).sum(), abs=1e-4)


@pytest.mark.slow
def test_a_converted_encoder_answers_in_its_place(tmp_path):
    folder = save_live_model(tmp_path / "bundle")
    file = tmp_path / "encoder-float32.tflite"
    (encoder,) = split_model(read_bundle(folder).model)
    convert(encoder, "float32", (), file)
    row = {"part": "encoder", "kind": "float32", "file": file.name, "sha256": file_hash(file)}
    write_json(tmp_path / EDGE, {"model": manifest_hash(folder), "rows": [row]})
    picture = drawn_person()
    (landmarks,) = points_of(picture)
    answers = [
        ask(load_live_model(str(folder), "float32", encoder=given), picture, landmarks[None]) for given in (None, file)
    ]
    assert answers[1].dtype == np.float32
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)
    other = save_live_model(tmp_path / "other", synthetic=False)
    with pytest.raises(UserError, match="not an encoder of this model"):
        load_live_model(str(other), encoder=file)


def test_the_face_is_cropped_as_in_the_faces_stage():
    picture = drawn_person()
    (landmarks,) = points_of(picture)
    live = crop_seen(picture, landmarks, FACES)
    stage = crop_face(picture, load_detector("mediapipe")(picture)[:4], FACES.resolved_margin, SIZE)
    # The detector saw the face in another picture, and its box trembles.
    shift, _ = cv2.phaseCorrelate(live.mean(axis=2), stage.mean(axis=2))
    assert np.abs(shift).max() < 1.5
    assert np.abs(live.astype(int) - stage).mean() < 12


def test_the_face_in_question_is_cropped_and_not_a_larger_one():
    small = cv2.resize(drawn_person(2), (213, 160), interpolation=cv2.INTER_AREA)
    both = np.full((240, 640, 3), 90, np.uint8)  # so far apart that where the small one is looked for nothing else is
    both[:, :320], both[40:200, 427:] = drawn_person(1), small
    alone = np.full_like(both, 90)
    alone[40:200, 427:] = small
    (landmarks,) = points_of(alone)
    np.testing.assert_array_equal(crop_seen(both, landmarks, FACES), crop_seen(alone, landmarks, FACES))


def test_a_network_of_pictures_that_were_faces_already_is_shown_the_face(tmp_path):
    model = load_live_model(str(save_live_model(tmp_path / "bundle", detector="none")), dtype="float32")
    picture = drawn_person()
    landmarks = points_of(picture)
    face = crop_seen(picture, landmarks[0], FaceSettings(detector="mediapipe", margin=0.2, size=SIZE))
    means = face.mean(axis=(0, 1)) / 25.5
    assert ask(model, picture, landmarks) == pytest.approx(np.exp(means) / np.exp(means).sum(), abs=1e-4)


def test_a_face_that_the_detector_does_not_see_is_not_seen(tmp_path):
    model = load_live_model(str(save_live_model(tmp_path / "bundle")), dtype="float32")
    (landmarks,) = points_of(drawn_person())
    assert model.see(np.full((240, 320, 3), 90, np.uint8), landmarks) is None
    assert model.see(drawn_person(), landmarks + 1000) is None


@pytest.mark.slow
@pytest.mark.parametrize("axis", ["time", "points"])
def test_a_fused_network_answers_to_the_picture_and_the_landmarks_up_to_it(tmp_path, axis):
    folder = save_small_fused(tmp_path / "bundle", axis=axis)
    network = read_bundle(folder).model
    picture = drawn_person()
    (landmarks,) = points_of(picture)
    past = np.stack([landmarks] * 3)
    past[:2, 14, 1] += 9  # the mouth was open before
    answer = ask(load_live_model(str(folder), dtype="float32"), picture, past)
    face = crop_seen(picture, past[-1], FaceSettings(size=network.inputs[0].shape[1]))
    settings = FusionSettings(axis=axis, frames=3)
    window = landmark_rows(past[None] if axis == "time" else past[-1:], settings)
    expected = network.predict_on_batch([face[None].astype(np.float32), window])[0]
    np.testing.assert_allclose(answer, expected, atol=1e-5)
    # What was seen before counts where the network steps along time.
    now = ask(load_live_model(str(folder), dtype="float32"), picture, past[-1:])
    assert np.allclose(answer, now) is (axis == "points")


def test_a_network_that_reads_several_pictures_is_no_live_model(tmp_path):
    with pytest.raises(UserError, match="several pictures at once"):
        load_live_model(str(save_small_fused(tmp_path / "bundle", fusion="bilstm")))


@pytest.mark.slow
def test_boosted_trees_are_no_live_model(tmp_path):
    folder = save_small_fused(tmp_path / "bundle")
    trees = AdaBoostClassifier(n_estimators=2).fit(np.eye(128)[:6], [0, 1, 2] * 2)
    save_part(trees, folder, "adaboost")
    with pytest.raises(UserError, match="answers of boosted trees"):
        load_live_model(str(folder))


def test_a_head_on_features_is_no_live_model(tmp_path):
    save_small(tmp_path / "bundle")
    with pytest.raises(UserError, match=r"not a live model[\s\S]*reads \(4,\)"):
        load_live_model(str(tmp_path / "bundle"))


def test_another_model_than_the_one_asked_for_is_refused(tmp_path):
    folder = save_live_model(tmp_path / "bundle")
    with pytest.raises(UserError, match="another bundle than the one that is asked for"):
        load_live_model(f"{folder}#sha256={'0' * 64}")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="manifest"):
        load_live_model(str(tmp_path))
