import pytest
from pydantic import ValidationError

from transferpain.models.sources.face_settings import FaceSettings


@pytest.mark.parametrize(
    ("detector", "margin"), [("mediapipe", 0.0), ("dlib", 0.25), ("face_alignment", 0.0), ("yunet", 0.0)]
)
def test_each_detector_has_its_own_margin(detector, margin):
    assert FaceSettings(detector=detector).resolved_margin == margin


def test_a_given_margin_counts():
    assert FaceSettings(detector="dlib", margin=0.0).resolved_margin == 0.0


@pytest.mark.parametrize("wrong", [{"detector": "haar"}, {"margin": -0.1}, {"size": 0}, {"size": 22.5}, {"sizes": 96}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FaceSettings(**wrong)


def test_settings_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        FaceSettings().size = 96
