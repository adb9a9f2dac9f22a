from dataclasses import replace

from tests.experiments.leakage.runs import (
    draw_evidence,
)
from transferpain.experiments.leakage.shared_videos import SHARED_VIDEOS


def leak(evidence):
    keys = evidence.stage["key"].tolist()
    return replace(evidence, stage=evidence.stage.assign(key=[*keys[:-1], keys[0]]))


def test_two_stretches_of_one_video_in_two_splits_fail():
    evidence = draw_evidence()
    files = evidence.files.copy()
    files.loc[[0, 23], "media"] = "both.avi"
    line = SHARED_VIDEOS.run(replace(evidence, files=files))
    assert line.state == "fail"
    assert line.figure.startswith("1 of 23")


def test_a_copy_of_a_video_in_another_split_fails(tmp_path):
    evidence = draw_evidence(tmp_path)
    stage = evidence.stage.copy()
    assert SHARED_VIDEOS.run(evidence).state == "pass"
    stage.loc[23, "key"] = stage["key"][0]
    assert SHARED_VIDEOS.run(replace(evidence, stage=stage)).state == "fail"
    stage["key"] = ""
    assert SHARED_VIDEOS.run(replace(evidence, stage=stage)).state == "pass"


def test_rows_of_one_file_of_images_are_told_apart():
    evidence = draw_evidence()
    files = evidence.files.assign(media="fer2013.csv", kind="image_rows", first_frame=range(24))
    assert SHARED_VIDEOS.run(replace(evidence, files=files)).state == "pass"
    files.loc[23, "first_frame"] = 0
    assert SHARED_VIDEOS.run(replace(evidence, files=files)).state == "fail"


def test_frames_of_one_video_in_two_splits_fail():
    evidence = draw_evidence()
    samples = evidence.samples.copy()
    samples.loc[23, ["file_clip", "row"]] = ["clip00", 3]
    line = SHARED_VIDEOS.run(replace(evidence, samples=samples))
    assert line.state == "fail"
    assert line.figure.startswith("1 of 23")
