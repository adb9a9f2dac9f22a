"""The stretch that is read of every clip of a dataset: one duration, or none at all."""

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.strategies.common.settings import WindowSettings
from transferpain.strategies.common.stretch import with_stretch


def taken(lengths: list[int], fps: float = 30.0, skipped: int = 0, kind: str = "video", **window) -> pd.DataFrame:
    clips = pd.DataFrame({"dataset": "ai4pain", "kind": kind}, index=range(len(lengths)))
    names = [f"c{number}" for number in range(len(lengths))]
    faces = pd.DataFrame({"clip": names, "num_frames": lengths, "fps": fps, "problem": ""})
    return with_stretch(clips, faces, WindowSettings(**window), skipped)


def test_a_minute_is_read_for_as_long_as_ten_seconds():
    assert taken([1800, 300, 300])["stretch"].tolist() == [300, 300, 300]


def test_the_stretch_is_the_same_time_at_another_rate():
    clips = taken([1800, 250], fps=[30.0, 25.0])
    assert clips["stretch"].tolist() == [300, 250]


def test_where_all_clips_are_shorter_the_longest_is_the_stretch():
    clips = taken([138, 138, 136], fps=25.0)
    assert clips["stretch"].tolist() == [138, 138, 138]
    assert (clips["problem"] == "").all()


def test_frames_before_the_stretch_do_not_count():
    assert taken([138, 138], fps=25.0, skipped=50, seconds=3)["stretch"].tolist() == [75, 75]
    assert taken([138, 138], fps=25.0, skipped=50)["stretch"].tolist() == [88, 88]


def test_a_clip_that_is_shorter_than_the_others_is_left_out_and_says_why():
    clips = taken([300] * 19 + [120])
    assert clips["problem"].tolist() == [""] * 19 + [
        "shorter than the stretch that is read of every clip (120 of 300 frames)"
    ]


def test_a_clip_that_has_a_problem_keeps_it_and_says_nothing_of_the_others():
    clips = pd.DataFrame({"dataset": ["own"] * 2, "kind": "video"})
    faces = pd.DataFrame({"clip": ["a", "b"], "num_frames": [50, 0], "fps": [25.0, np.nan], "problem": ["", "empty"]})
    assert with_stretch(clips, faces, WindowSettings())["problem"].tolist() == ["", "empty"]


@pytest.mark.parametrize(
    ("frames", "fps", "window", "way_out"),
    [
        ([300, 300, 60], 30.0, {}, "--set window.seconds=2,"),
        ([1800, 240, 240], 30.0, {"seconds": 10}, "--set window.seconds=8,"),
        ([8, 12, 28], np.nan, {}, "--set window.frames=8,"),
        ([8, 12, 28], np.nan, {"frames": 10}, "--set window.frames=8,"),
    ],
)
def test_clips_that_differ_below_the_stretch_are_refused_with_the_way_out(frames, fps, window, way_out):
    with pytest.raises(UserError, match=way_out):
        taken(frames, fps, **window)


def test_the_way_out_is_one():
    assert taken([8, 12, 28], np.nan, frames=8)["stretch"].tolist() == [8, 8, 8]


def test_parts_of_cut_sequences_are_read_whole():
    assert taken([90, 90], np.nan, kind="image_span", clip_frames=90, frames=8)["stretch"].tolist() == [90, 90]


def test_datasets_of_a_cross_dataset_run_have_stretches_of_their_own():
    clips = pd.DataFrame({"dataset": ["biovid", "ai4pain", "ai4pain"], "kind": "video"})
    faces = pd.DataFrame({"clip": ["a", "b", "c"], "num_frames": [138, 1800, 300], "fps": [25.0, 30.0, 30.0]})
    stretches = with_stretch(clips, faces.assign(problem=""), WindowSettings())["stretch"]
    assert stretches.tolist() == [138, 300, 300]


def test_pictures_of_one_frame_have_a_stretch_of_one():
    assert taken([1, 1], np.nan)["stretch"].tolist() == [1, 1]


# 120 frames in 4.8 s, ever slower.
UNEVEN = np.linspace(0, 1, 120) ** 2 * 4.76


def uneven(tmp_path, seconds: np.ndarray, name: str) -> str:
    path = tmp_path / f"{name}.parquet"
    facts = FaceFacts(name, 25.0, len(seconds), 0, "drawn", variable=True)
    write_faces(path, facts, [{"found": False, "jpeg": None, "seconds": time} for time in seconds])
    return str(path)


def test_frames_at_uneven_distances_are_counted_by_their_times(tmp_path):
    paths = ["", uneven(tmp_path, UNEVEN, "slower"), uneven(tmp_path, UNEVEN[-1] - UNEVEN[::-1], "faster")]
    faces = pd.DataFrame({"clip": ["a", "b", "c"], "num_frames": 120, "fps": 25.0, "problem": "", "faces": paths})
    faces["variable"] = [False, True, True]
    clips = pd.DataFrame({"dataset": "own", "kind": "video"}, index=range(3))
    table = with_stretch(clips, faces, WindowSettings(seconds=2.0))
    stretch = table["stretch"]
    assert stretch[0] == 50
    assert table["stretch_seconds"].tolist() == [2.0] * 3
    assert with_stretch(clips, faces.assign(fps=np.nan), WindowSettings(frames=9))["stretch_seconds"].isna().all()
    for number, times in ((1, UNEVEN), (2, UNEVEN[-1] - UNEVEN[::-1])):
        assert times[stretch[number] - 1] < 2.0 <= times[stretch[number]]
    assert with_stretch(clips, faces, WindowSettings(seconds=2.0), 20)["stretch"][1] < stretch[1]


def test_a_clip_that_ends_early_is_left_out_by_its_times(tmp_path):
    short = uneven(tmp_path, UNEVEN / 4, "short")
    faces = pd.DataFrame({"clip": [f"c{n}" for n in range(12)], "num_frames": 120, "fps": 25.0, "problem": ""})
    faces = faces.assign(faces=["" for _ in range(11)] + [short], variable=[False] * 11 + [True])
    faces.loc[11, "fps"] = 100.0
    table = with_stretch(
        pd.DataFrame({"dataset": "own", "kind": "video"}, index=range(12)), faces, WindowSettings(seconds=2.0)
    )
    assert (table["problem"] != "").tolist() == [False] * 11 + [True]


def test_frames_that_are_skipped_leave_some_of_a_clip():
    assert taken([60, 51], fps=25.0, skipped=50, seconds=0.04)["stretch"].tolist() == [1, 1]
    with pytest.raises(UserError, match=r"images\.first_frame: 50; the longest clip has 50 frames"):
        taken([50, 12], skipped=50)


def test_a_stretch_that_begins_late_is_said_to():
    with pytest.raises(UserError, match=r"shorter than 2 s, the shortest is 1\.25, counted behind the 3 frames that"):
        taken([48, 8, 8], fps=4.0, skipped=3, seconds=2.0)
    with pytest.raises(UserError, match=r"shorter than 2 s, the shortest is 1\.25\n"):
        taken([48, 5, 5], fps=4.0, seconds=2.0)
