import os
from pathlib import Path

import numpy as np
import pytest

from tests.forked_program import forked_code, heavy_modules
from tests.inputs.faces.drawing import draw_plain_face
from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.inputs.faces.detectors import (
    Detection,
    detector_identity,
    face_alignment_weights,
    lies_in,
    load_detector,
    load_finder,
    prepare_detector,
)

PROJECT = Path(__file__).parents[3]


def random_face_alignment_weights(folder: Path, sees_faces: bool) -> None:
    """Save randomly initialised networks where face_alignment looks for its own.

    Only the biases of the detector's decisions are set: it sees faces at its coarsest scale, or nowhere.
    """
    import torch
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN

    torch.manual_seed(0)
    detector, landmarks = s3fd(), FAN(4)
    for name, bias in detector.named_parameters():
        if name.endswith("mbox_conf.bias"):
            face = 50.0 if sees_faces and name.startswith("conv7_2") else -50.0
            torch.nn.init.zeros_(bias)
            bias.data[-1] = face
    folder.mkdir(parents=True)
    torch.save(detector.state_dict(), folder / "s3fd-619a316812.pth")
    torch.save(landmarks.state_dict(), folder / "2DFAN4-11f355bf06.pth.tar")


@pytest.fixture
def torch_home(tmp_path, monkeypatch) -> Path:
    """An empty folder for weights; no detector of another test is kept."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for load in (load_detector, load_finder):
        load.cache_clear()
    yield tmp_path
    for load in (load_detector, load_finder):
        load.cache_clear()


@pytest.mark.parametrize("name", ["mediapipe", "dlib", "yunet"])
def test_a_face_is_found_where_it_is(name):
    image = draw_plain_face(640, 480, center=(400, 250), scale=1.5)
    found = load_detector(name)(image)
    # The drawn skull spans 317-483 and 115-362.
    assert 300 < found.left < 345
    assert 455 < found.right < 500
    assert 115 < found.top < 260
    assert 300 < found.bottom < 375
    assert found.score > 0.5


@pytest.mark.parametrize("name", ["mediapipe", "dlib", "yunet"])
def test_no_face_is_found_in_noise(name):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    assert load_detector(name)(noise) is None


@pytest.mark.parametrize("name", ["mediapipe", "dlib", "yunet"])
def test_the_largest_of_two_faces_is_taken(name):
    small = draw_plain_face(320, 480, center=(160, 240), scale=0.9)
    large = draw_plain_face(320, 480, center=(160, 240), scale=1.5)
    assert load_detector(name)(np.hstack([small, large])).left > 320
    assert load_detector(name)(np.hstack([large, small])).right < 320


def test_yunet_takes_pictures_of_any_size_one_after_the_other():
    detect = load_detector("yunet")
    picture = draw_plain_face(320, 240, center=(160, 120), scale=0.8)
    same = [detect(image) for image in (picture, picture[::2, ::2], np.asfortranarray(picture), picture)]
    assert same[0] == same[2] == same[3]
    assert same[1].left == pytest.approx(same[0].left / 2, abs=8)
    assert detect(np.zeros((1, 1, 3), np.uint8)) is None


@pytest.mark.parametrize(
    ("box", "there"),
    [
        ((2, 2, 8, 8), True),
        ((-3, -3, 4, 4), True),
        ((-np.inf, -5e20, np.nan, -5e20), False),
        ((2, 2, np.nan, 8), False),
        ((10, 2, 14, 8), False),
        ((-9, 2, 0, 8), False),
        ((2, 6, 8, 6), False),
    ],
)
def test_a_face_has_numbers_and_a_part_of_the_picture(box, there):
    assert lies_in(Detection(*box, 1.0), np.zeros((10, 10, 3), np.uint8)) is there


def test_dlib_looks_again_for_a_small_face():
    import dlib

    image = draw_plain_face(160, 120, center=(80, 60), scale=0.35)
    assert not dlib.get_frontal_face_detector()(image, 0)
    assert load_detector("dlib")(image) is not None


def test_a_detector_is_loaded_once():
    assert load_detector("dlib") is load_detector("dlib")


def test_the_identity_names_the_version():
    assert detector_identity("mediapipe") == "mediapipe 1.2.3"
    assert detector_identity("dlib").startswith("dlib 20.")
    assert detector_identity("yunet") == "yunet 4.14.0.94"


@needs("face-alignment")
def test_the_identity_of_an_optional_detector_is_its_version_too():
    assert detector_identity("face_alignment") == "face_alignment 1.5.0"


def test_an_area_is_width_times_height():
    assert Detection(1, 2, 4, 7, 0.5).area == 15


@pytest.mark.slow
def test_mediapipe_is_quiet_and_starts_no_tensorflow():
    code = (
        "from tests.inputs.faces.drawing import draw_plain_face\n"
        "from transferpain.inputs.faces.detectors import load_detector\n"
        "assert load_detector('mediapipe')(draw_plain_face())\n"
    )
    assert heavy_modules(code, {"tensorflow"}) == set()


@pytest.mark.slow
def test_tensorflow_can_be_imported_after_mediapipe():
    code = (
        "from transferpain.inputs.faces.detectors import load_detector\n"
        "load_detector('mediapipe')\n"
        "import importlib.util\n"
        "print(importlib.util.find_spec('tensorflow').name)\n"
    )
    assert forked_code(code) == "tensorflow\n"


@needs("face-alignment")
@pytest.mark.slow
def test_face_alignment_gives_the_box_of_its_landmarks(torch_home):
    random_face_alignment_weights(torch_home / "hub" / "checkpoints", sees_faces=True)
    prepare_detector("face_alignment")
    image = draw_plain_face(128, 128, center=(64, 64), scale=0.6)
    found = load_detector("face_alignment")(image)
    import face_alignment

    again = face_alignment.FaceAlignment(
        face_alignment.LandmarksType.TWO_D, device="cpu", flip_input=False, compile=False
    )
    boxes = again.face_detector.detect_from_image(image)
    largest = max(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    (landmarks,) = again.get_landmarks_from_image(image, detected_faces=[largest])
    expected = [*landmarks.min(axis=0), *landmarks.max(axis=0), largest[4]]
    assert found == pytest.approx(expected, rel=1e-4)


@needs("face-alignment")
@pytest.mark.slow
def test_face_alignment_may_find_none(torch_home):
    random_face_alignment_weights(torch_home / "hub" / "checkpoints", sees_faces=False)
    assert load_detector("face_alignment")(draw_plain_face()) is None


@pytest.mark.slow
@needs("face-alignment")
def test_face_alignment_names_its_files_and_where_they_belong(torch_home):
    assert list(face_alignment_weights()) == [
        torch_home / "hub" / "checkpoints" / "s3fd-619a316812.pth",
        torch_home / "hub" / "checkpoints" / "2DFAN4-11f355bf06.pth.tar",
    ]


@needs("face-alignment")
def test_missing_weights_that_cannot_be_downloaded_are_a_message_for_the_user(torch_home, monkeypatch):
    # A proxy that refuses at once stands for a machine without a network.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(UserError) as refusal:
        prepare_detector("face_alignment")
    message = str(refusal.value)
    assert "s3fd-619a316812.pth and 2DFAN4-11f355bf06.pth.tar" in message
    assert str(torch_home / "hub" / "checkpoints") in message
    assert "https://www.adrianbulat.com" in message
    assert not list((torch_home / "hub" / "checkpoints").iterdir())


@pytest.mark.parametrize("name", ["mediapipe", "dlib"])
def test_the_others_need_nothing_from_disk(name, torch_home):
    prepare_detector(name)
    assert os.listdir(torch_home) == []
