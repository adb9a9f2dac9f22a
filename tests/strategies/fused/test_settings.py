import pytest
from pydantic import ValidationError

from transferpain.strategies.fused.settings import FusionSettings


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
    "wrong",
    [
        {"axis": "space"},
        {"points": 470},
        {"coordinates": 1},
        {"frames": 0},
        {"frames": 65},
        {"frames": 33, "fusion": "bilstm"},
        {"branches": "none"},
        {"fusion": "late"},
        {"heads": 8},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FusionSettings(**wrong)


@pytest.mark.parametrize(
    ("settings", "branches", "whole"),
    [
        ({}, "both", False),
        ({}, "images", False),
        ({}, "landmarks", True),
        ({"axis": "points"}, "landmarks", False),
        ({"fusion": "bilstm"}, "both", True),
        ({"fusion": "bilstm"}, "images", False),
    ],
)
def test_a_clip_is_answered_whole_where_its_frames_are_read_in_order(settings, branches, whole):
    assert FusionSettings(**settings).reads_whole_clips(branches) == whole


def test_one_branch_has_nothing_to_fuse():
    with pytest.raises(ValidationError, match="joins two branches"):
        FusionSettings(branches="landmarks", fusion="bilstm")


def test_one_frame_is_no_sequence():
    with pytest.raises(ValidationError, match="needs several"):
        FusionSettings(axis="points", fusion="bilstm")
