import pytest
from pydantic import ValidationError

from transferpain.inputs.landmarks.settings import LandmarkSettings, WithBlendshapes


def test_the_papers_confidences_are_the_default():
    settings = LandmarkSettings().model_dump()
    assert settings == {"detection_confidence": 0.7, "tracking_confidence": 0.7, "still": False}


@pytest.mark.parametrize("wrong", [{"detection_confidence": 1.1}, {"tracking_confidence": -0.1}, {"points": 468}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        LandmarkSettings(**wrong)


def test_blendshapes_are_no_choice_of_an_experiment_but_other_settings():
    assert WithBlendshapes().model_dump() == LandmarkSettings().model_dump()
    assert WithBlendshapes() != LandmarkSettings()
    assert WithBlendshapes().blendshapes
    with pytest.raises(ValidationError, match="blendshapes"):
        LandmarkSettings(blendshapes=True)
