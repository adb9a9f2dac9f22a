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


def test_settings_of_an_extractor_are_written_down_and_go_with_it_alone():
    assert "extraction" not in FeatureSettings().model_dump()
    settings = FeatureSettings(extractor="glcm", extraction={"levels": 16})
    assert settings.model_dump()["extraction"] == {
        "kind": "glcm",
        "rows": 3,
        "columns": 2,
        "levels": 16,
        "distances": (1, 2, 4),
    }
    assert FeatureSettings(**settings.model_dump()) == settings
    assert settings.make_extractor(None).settings.levels == 16
    assert (settings.smallest_face, settings.reads_source, settings.made_by) == (15, False, "glcm")
    assert (FeatureSettings().smallest_face, FeatureSettings().reads_source) == (1, True)
    for wrong in (
        {"extractor": "source", "extraction": {"kind": "glcm"}},
        {"extractor": "lbp", "extraction": {"kind": "glcm"}},
        {"extractor": "lbp", "extraction": {"levels": 16}},
        {"extractor": "lbp", "extraction": 3},
        {"extractor": ["lbp"]},
    ):
        with pytest.raises(ValidationError, match="extract"):
            FeatureSettings(**wrong)


def test_the_extractor_is_the_source_unless_another_is_named():
    assert FeatureSettings().extractor == "source"
    with pytest.raises(ValidationError, match="received `sauce`; did you mean `source`"):
        FeatureSettings(extractor="sauce")
