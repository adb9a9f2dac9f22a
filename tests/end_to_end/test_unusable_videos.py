"""Videos that cannot be read, show nobody or are not as stated, through the real command line."""

import pandas as pd
import pytest

from tests.data.media import faulty_videos
from tests.end_to_end.small_runs import call, copy_parts, fail, succeed
from tests.reports.pages import report_of
from transferpain.experiments.run_folder import RunFolder

pytestmark = pytest.mark.slow


def test_clips_that_cannot_be_used_are_listed_and_the_run_goes_on(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    videos = workspace / "data" / "ai4pain"
    faulty_videos.truncate(videos / "Train/video/1/1_Pain_LOW_1.mp4")
    faulty_videos.empty(videos / "Train/video/2/2_Pain_HIGH_1.mp4")
    faulty_videos.show_nobody(videos / "Train/video/3/3_Baseline.mp4")
    faulty_videos.state_rate(videos / "Train/video/4/4_Pain_LOW_1.mp4", factor=2)
    faulty_videos.state_rate(videos / "Train/video/5/5_Pain_LOW_1.mp4", factor=1000)
    faulty_videos.state_more_frames(videos / "Train/video/6/6_Pain_LOW_1.mp4")
    faulty_videos.show_nobody(videos / "Validation/video/7/7_Pain_LOW_1.mp4")
    faulty_videos.truncate(videos / "Validation/video/7/7_Pain_HIGH_1.mp4")
    warnings = succeed(call("run", workspace, "window.seconds=0.25"))  # what every readable clip holds
    unusable = {
        "train-1-1_Pain_LOW_1": "the file cannot be opened as a video; it may be truncated or of another kind",
        "train-2-2_Pain_HIGH_1": "the file is empty",
        "train-3-3_Baseline": "no face was found in any frame",
        "validation-7-7_Pain_LOW_1": "no face was found in any frame",
        "validation-7-7_Pain_HIGH_1": "the file cannot be opened as a video; it may be truncated or of another kind",
    }
    departing = [
        "train-4-4_Pain_LOW_1: its header states 60 frames/s, the dataset 30.",
        "train-6-6_Pain_LOW_1: it has 8 frames, not 15.",
        "train-3-3_Baseline: it has 10 frames, not 90.",
        "validation-7-7_Pain_LOW_1: it has 10 frames, not 15.",
    ]
    (path,) = (workspace / "runs").glob("ai4pain-ann-*")
    listed = pd.read_csv(path / "unusable.csv")
    assert dict(zip(listed["clip"], listed["problem"], strict=True)) == unusable
    problems = RunFolder(path).facts()["problems"]
    assert sorted(problems) == sorted(departing)
    page = (report_of(workspace, "ai4pain-ann") / "index.html").read_text(encoding="utf-8")
    for sentence in [*departing, *(f"clip {clip} cannot be used: {problem}" for clip, problem in unusable.items())]:
        assert f"warning: {sentence}" in warnings
    for text in [*unusable, *departing]:
        assert text in page
    answers = RunFolder(path).predictions().query("frame == -1 and seed == 0").set_index("clip")
    assert answers["coverage"].to_dict() == {
        "validation-7-7_Baseline": 1.0,
        "validation-7-7_Pain_HIGH_1": 0.0,
        "validation-7-7_Pain_LOW_1": 0.0,
    }


def test_without_one_usable_video_the_run_stops(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    for video in (workspace / "data" / "ai4pain").rglob("*.mp4"):
        faulty_videos.empty(video)
    message = fail(call("run", workspace))
    assert "Not one clip could be used." in message
    assert "the file is empty" in message
