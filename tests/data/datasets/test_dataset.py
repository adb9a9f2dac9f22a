from dataclasses import FrozenInstanceError, fields

import pandas as pd
import pytest

from transferpain.data.datasets.dataset import VIDEO_SUFFIXES, Dataset, Reading
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.media.paths import PICTURE_SUFFIXES


def test_suffixes_of_videos_are_as_names_are_compared_and_none_is_that_of_a_picture():
    assert all(suffix == suffix.strip().lower() and suffix[0] == "." and len(suffix) > 1 for suffix in VIDEO_SUFFIXES)
    assert not VIDEO_SUFFIXES & PICTURE_SUFFIXES


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mts", ".h264"])
def test_what_cameras_and_browsers_record_is_a_video(suffix):
    assert suffix in VIDEO_SUFFIXES


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".json", ".wav", ".mp3", ".yaml", ".zip", ""])
def test_what_stands_beside_videos_is_none(suffix):
    assert suffix not in VIDEO_SUFFIXES


def test_facts_and_readings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        DATASETS["biovid"].folder = "elsewhere"
    with pytest.raises(FrozenInstanceError):
        Reading(pd.DataFrame(), ()).problems = ("late",)


def test_what_a_dataset_need_not_state_is_nothing():
    stated = {field.name for field in fields(Dataset)} - {"clip_seconds", "traps", "compare", "inspect"}
    bare = Dataset(**{name: getattr(DATASETS["biovid"], name) for name in stated})
    assert (bare.clip_seconds, bare.traps, bare.compare, bare.inspect) == (0.0, (), None, None)
    assert Reading(pd.DataFrame(), ()).frames is None


@pytest.mark.parametrize("name", ["name", "licence", "redistributable", "read", "count", "is_marked", "expected"])
def test_what_a_dataset_must_state_has_no_default(name):
    facts = {field.name: getattr(DATASETS["biovid"], field.name) for field in fields(Dataset) if field.name != name}
    with pytest.raises(TypeError, match=name):
        Dataset(**facts)
