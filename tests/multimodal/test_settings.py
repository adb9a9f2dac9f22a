import pytest
from pydantic import ValidationError

from transferpain.multimodal.settings import FusionSettings


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({}, (16, 1434)),
        ({"coordinates": 2}, (16, 956)),
        ({"points": 468, "frames": 8}, (8, 1404)),
        ({"axis": "points", "coordinates": 2}, (478, 2)),  # El-Ghaish, Table 5
    ],
)
def test_what_the_landmark_branch_reads(settings, shape):
    assert FusionSettings(**settings).landmark_shape == shape


@pytest.mark.parametrize(
    "wrong", [{"axis": "space"}, {"points": 470}, {"coordinates": 1}, {"frames": 0}, {"fusion": "late"}, {"heads": 8}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FusionSettings(**wrong)


def test_one_frame_is_no_sequence():
    with pytest.raises(ValidationError, match="needs several"):
        FusionSettings(axis="points", fusion="bilstm")
