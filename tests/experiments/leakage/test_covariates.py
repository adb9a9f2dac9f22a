import shutil
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.apps.serve.drawn import PAIN
from tests.data.media import odd_videos
from tests.data.media.test_video import halves
from tests.experiments.leakage.runs import (
    draw_evidence,
    without_labels,
    without_subjects,
    write_video,
)
from tests.inputs.faces.drawing import write_video as write_mp4
from tests.inputs.landmarks.drawn import drawn_person
from transferpain.core.contracts import FramesRead
from transferpain.experiments.leakage import covariates
from transferpain.experiments.leakage.covariates import (
    COVARIATES,
    edge_brightness,
    first_frames,
    measure_covariates,
    session_places,
)
from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.features.windows import spread_frames


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
    assert line.figure.endswith("most by brightness")
    assert "features.fps" in line.explanation


@pytest.mark.parametrize("size", [(240, 320), (9, 3), (1, 1)])
def test_the_brightness_of_a_frame_is_that_of_its_edge_where_no_face_is(size):
    frame = np.full((*size, 3), 90, np.uint8)
    height, width = (max(1, side // 10) for side in size)
    frame[height:, width:-width] = 200
    assert edge_brightness(frame) == 90
    assert edge_brightness(np.pad(frame, ((5, 5), (20, 20), (0, 0)))) == 90
    assert edge_brightness(np.full((*size, 3), 200, np.uint8)) == 200
    assert edge_brightness(np.full((*size, 3), 3, np.uint8)) == 3


def test_faces_in_pain_before_the_same_background_are_no_matter_of_the_recording(evidence):
    """Drawn without a camera's noise, a face in pain darkens the whole picture by some tenths of a grey level."""
    for (subject, y), clips in evidence.samples.groupby(["subject", "y"]):
        first, *others = (evidence.data_root / media for media in clips["media"])
        write_mp4(first, [drawn_person(int(subject[1:]), PAIN if y else {})])
        for path in others:
            shutil.copy(first, path)
    line = COVARIATES.run(evidence)
    assert line.state == "pass"
    assert "features.fps" not in line.explanation


def read_frames(evidence, lengths, sampling):
    """Let `sampling` choose the frames that are read of clips with so many frames."""
    frames = tuple(sampling(int(length)) for length in lengths)
    return replace(evidence, frames=FramesRead(frames, frames), stage=evidence.stage.assign(num_frames=lengths))


@pytest.mark.parametrize("fps", [5.0, pytest.param(float("nan"), marks=pytest.mark.slow)])
def test_frames_that_are_spread_over_longer_clips_of_one_class_fail(evidence, fps):
    """The 60-s baselines of AI4Pain beside its 10-s pain clips: as many frames, at another step."""
    evidence = replace(evidence, stage=evidence.stage.assign(fps=fps))
    lengths = np.where(evidence.samples["y"] == 0, 60, 10)
    line = COVARIATES.run(read_frames(evidence, lengths, lambda length: spread_frames(length, 5)))
    assert line.state == "fail"
    assert "balanced accuracy 1.000" in line.figure
    first = COVARIATES.run(read_frames(evidence, lengths, lambda length: spread_frames(min(length, 10), 5)))
    assert first.state == "pass"


def test_more_votes_in_one_class_fail(evidence):
    lengths = np.where(evidence.samples["y"] == 0, 60, 10)
    assert COVARIATES.run(read_frames(evidence, lengths, lambda length: np.arange(0, length, 5))).state == "fail"


@pytest.mark.slow
def test_another_rate_in_one_class_fails(evidence):
    fps = np.where(evidence.samples["y"] == 0, 25.0, 30.0)
    assert COVARIATES.run(replace(evidence, stage=evidence.stage.assign(fps=fps))).state == "fail"


def test_of_two_datasets_the_one_that_is_tested_is_looked_at(evidence):
    """Clips of another dataset, all of them without pain, would hide what tells the tested ones apart."""
    files = evidence.files.assign(dataset=np.where(evidence.samples["subject"].isin(["S4", "S5"]), "biovid", "ai4pain"))
    folds = (evidence.folds[2],)
    line = COVARIATES.run(replace(evidence, samples=evidence.samples.assign(dataset=files["dataset"]), folds=folds))
    assert "; 8 clips" in line.figure


def test_an_order_that_shows_the_label_fails_and_is_named(evidence):
    assert "session is not in the data" in COVARIATES.run(evidence).explanation
    order = evidence.samples["y"].astype(int) * 10 + evidence.samples.groupby("subject").cumcount()
    line = COVARIATES.run(replace(evidence, files=evidence.files.assign(order=order)))
    assert line.state == "fail"
    assert "place in the session" in line.figure
    assert "session is not in the data" not in line.explanation


def test_a_place_in_the_session_counts_by_trial_and_then_by_sweep(evidence):
    files = evidence.files.iloc[:5].assign(trial=[2, 1, 1, 2, 1], sweep=[1, 2, 1, 2, 1])
    assert session_places(files).tolist() == [0.75, 0.5, 0.25, 1.0, 1.0]
    assert session_places(files.drop(columns=["trial", "sweep"])) is None


@pytest.mark.slow
def test_frame_size_that_shows_the_label_fails(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=100, size=(64, 48 + 16 * y))
    assert COVARIATES.run(evidence).state == "fail"


def test_what_is_measured(evidence):
    write_video(evidence.data_root / "00.avi", brightness=40, size=(96, 80))
    table = measure_covariates(evidence, np.arange(4))
    assert list(table) == [
        "brightness",
        "brightness within subject",
        "frame width",
        "frame height",
        "frames",
        "stretch",
        "step",
    ]
    assert table["brightness"][0] == pytest.approx(40, abs=3)
    assert table["brightness within subject"].sum() == pytest.approx(0, abs=1e-6)
    assert table.loc[0, ["frame width", "frame height", "frames", "stretch", "step"]].tolist() == [96, 80, 5, 0.8, 0.2]


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


@pytest.mark.slow
def test_many_clips_are_sampled(evidence, monkeypatch):
    monkeypatch.setattr(covariates, "MAX_PROBED", 12)
    assert "; 12 clips" in COVARIATES.run(evidence).figure


@pytest.mark.slow
def test_single_frames_are_judged_by_the_values_of_their_clips(evidence):
    """Each clip counts once, with the highest class that it shows, and its length is not looked at."""
    twice = pd.concat([evidence.samples, evidence.samples.assign(y=0)], ignore_index=True).assign(row=2)
    frames = FramesRead((np.array([2]),) * 48, (np.array([2]),) * 48)
    folds = [replace(fold, test=np.append(fold.test, fold.test + 24)) for fold in evidence.folds]
    evidence = replace(evidence, samples=twice, frames=frames, folds=tuple(folds))
    line = COVARIATES.run(evidence)
    assert line.state == "pass"
    assert "frames" not in line.figure
    assert "; 24 clips" in line.figure
    assert "show no length" in line.explanation
    for media, y in zip(evidence.files["media"], evidence.files["y"], strict=True):
        write_video(evidence.data_root / media, brightness=60 + 120 * y)
    assert COVARIATES.run(evidence).state == "fail"


def test_without_subjects_or_labels_nothing_can_be_said(evidence):
    assert COVARIATES.run(without_subjects(evidence)).state == "not applicable"
    assert COVARIATES.run(without_labels(evidence)).state == "not applicable"


def test_first_frames_are_those_of_the_one_reader(tmp_path):
    path = write_mp4(tmp_path / "a.mp4", halves())
    odd_videos.spoil_frame(path, 4)
    odd_videos.turn_in_header(path)
    clips = pd.DataFrame({"media": "a.mp4", "kind": "span", "first_frame": [7, 0, 4, 40]})
    found = first_frames(tmp_path, clips)
    assert sorted(found) == [0, 1, 2]
    assert [frame.shape for frame in found.values()] == [(64, 48, 3)] * 3
    # Of the frame that cannot be decoded the next one stands.
    assert [found[place][:, :10].mean() for place in range(3)] == pytest.approx([40 + 15 * 7, 40, 40 + 15 * 5], abs=12)


def test_frames_at_uneven_distances_are_measured_by_their_times(evidence, tmp_path):
    seconds = np.linspace(0, 1, 10) ** 2 * 3
    facts = FaceFacts("k", 3.0, 10, 0, "drawn", variable=True)
    write_faces(tmp_path / "k.parquet", facts, [{"found": False, "jpeg": None, "seconds": time} for time in seconds])
    even = read_frames(evidence, np.full(len(evidence.samples), 10), np.arange)
    uneven = replace(even, stage=even.stage.assign(variable=True, faces=str(tmp_path / "k.parquet"), fps=3.0))
    table = measure_covariates(uneven, np.arange(3))
    assert table["stretch"].tolist() == pytest.approx([3.0] * 3)
    assert table["step"].tolist() == pytest.approx([np.median(np.diff(seconds))] * 3)
