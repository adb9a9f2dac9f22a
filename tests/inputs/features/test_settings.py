import pytest
from pydantic import ValidationError

from transferpain.inputs.features.settings import FeatureSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"fps": 0},
        {"fps": -5},
        {"frames": 0},
        {"frames": 2.5},
        {"dtype": "float16"},
        {"batch": 0},
        {"bath": 32},
        {"extractor": "sauce"},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FeatureSettings(**wrong)


def test_features_are_so_many_a_second_or_so_many_a_clip():
    assert FeatureSettings(frames=16).fps is None
    with pytest.raises(ValidationError, match="frames: goes without fps"):
        FeatureSettings(fps=25, frames=16)


def test_the_extractor_is_the_source_unless_another_is_named():
    assert FeatureSettings().extractor == "source"
    with pytest.raises(ValidationError, match="received `sauce`; did you mean `source`"):
        FeatureSettings(extractor="sauce")
