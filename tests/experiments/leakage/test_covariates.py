import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.experiments.leakage.runs import (
    draw_evidence,
    without_labels,
    without_subjects,
    write_video,
)
from transferpain.experiments.leakage import covariates
from transferpain.experiments.leakage.covariates import COVARIATES, measure_covariates


def leak(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=60 + 120 * y)
    return evidence


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw_evidence(tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def evidence(drawn, tmp_path):
    """A run whose videos a test may write over; its faces and features are those of all."""
    for video in drawn.data_root.glob("*.avi"):
        shutil.copy(video, tmp_path)
    return replace(drawn, data_root=tmp_path)


def test_brightness_that_shows_the_label_fails(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=60 + 120 * y)
    line = COVARIATES.run(evidence)
    assert line.state == "fail"
    assert line.figure.startswith("balanced accuracy 1.000")


def test_length_that_shows_the_label_fails_if_the_model_sees_it(evidence):
    longer = evidence.stage.assign(num_frames=5 + 20 * evidence.samples["y"].astype(int))
    assert COVARIATES.run(replace(evidence, stage=longer)).state == "pass"
    shorter = evidence.stage.assign(num_frames=5 - 3 * evidence.samples["y"].astype(int))
    assert COVARIATES.run(replace(evidence, stage=shorter)).state == "fail"


def test_frame_size_that_shows_the_label_fails(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=100, size=(64, 48 + 16 * y))
    assert COVARIATES.run(evidence).state == "fail"


def test_what_is_measured(evidence):
    write_video(evidence.data_root / "00.avi", brightness=40, size=(96, 80))
    table = measure_covariates(evidence, np.arange(4))
    assert list(table) == ["brightness", "brightness within subject", "frame width", "frame height", "seconds"]
    assert table["brightness"][0] == pytest.approx(40, abs=3)
    assert table["brightness within subject"].sum() == pytest.approx(0, abs=1e-6)
    assert (table["frame width"][0], table["frame height"][0], table["seconds"][0]) == (96, 80, 1.0)


def test_an_image_model_sees_no_length(evidence):
    faces_alone = replace(evidence, stage=evidence.stage.drop(columns="features"))
    assert "seconds" not in measure_covariates(faces_alone, np.arange(4))


def test_a_video_that_cannot_be_read_is_no_obstacle(evidence):
    (evidence.data_root / "00.avi").write_bytes(b"no video")
    (evidence.data_root / "01.avi").unlink()
    assert measure_covariates(evidence, np.arange(3))["brightness"].isna().tolist() == [True, True, False]
    assert COVARIATES.run(evidence).state == "pass"


def test_folders_of_pictures_and_later_stretches_are_measured(evidence):
    folder = evidence.data_root / "pictures"
    folder.mkdir()
    for number in (1, 2):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((20, 30, 3), 50 * number, np.uint8))
    files = evidence.files.copy()
    files.loc[0, ["media", "kind"]] = ["pictures", "images"]
    files.loc[1, "first_frame"] = 3
    table = measure_covariates(replace(evidence, files=files), np.arange(2))
    assert table.iloc[0, [0, 2, 3]].tolist() == [50, 30, 20]
    assert table.notna().all(axis=None)


def test_many_clips_are_sampled(evidence, monkeypatch):
    monkeypatch.setattr(covariates, "MAX_PROBED", 12)
    assert "; 12 clips" in COVARIATES.run(evidence).figure


def test_single_frames_share_their_recording(evidence):
    assert COVARIATES.run(replace(evidence, samples=evidence.samples.assign(row=2))).state == "not applicable"


def test_without_subjects_or_labels_nothing_can_be_said(evidence):
    assert COVARIATES.run(without_subjects(evidence)).state == "not applicable"
    assert COVARIATES.run(without_labels(evidence)).state == "not applicable"
