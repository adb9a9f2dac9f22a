from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.runs import answer, draw_evidence, write_pictures, write_video
from transferpain.experiments.leakage import confounds
from transferpain.experiments.leakage.confounds import (
    check_covariates,
    check_dropped,
    check_identity,
    identify_subjects,
    measure_covariates,
)
from transferpain.inputs.features.cache import write_features

ALL = (check_identity, check_covariates, check_dropped)


@pytest.fixture
def evidence(tmp_path):
    return draw_evidence(tmp_path)


def by_person(evidence):
    """Let a run answer by the person alone."""
    person = evidence.samples["subject"].str[1:].astype(int) % 2
    return replace(evidence, predictions=answer(evidence.samples, evidence.folds, person))


@pytest.mark.parametrize(("number", "check"), zip((8, 9, 10), ALL, strict=True))
def test_a_clean_run_passes(evidence, number, check):
    line = check(evidence)
    assert (line.number, line.state) == (number, "pass")


@pytest.mark.parametrize("check", [check_identity, check_covariates])
def test_without_subjects_there_are_no_people_to_confuse(evidence, check):
    evidence = replace(evidence, samples=evidence.samples.assign(subject=evidence.samples["clip"]))
    assert check(evidence).state == "not applicable"


@pytest.mark.parametrize("check", ALL)
def test_without_labels_nothing_can_be_said(evidence, check):
    clips = evidence.samples.assign(y=pd.array([pd.NA] * 24, dtype="Int64"))
    evidence = replace(evidence, samples=clips, predictions=evidence.predictions.assign(y_true=pd.NA))
    assert check(evidence).state == "not applicable"


def test_a_run_that_knows_only_the_person_fails(evidence):
    line = check_identity(by_person(evidence))
    assert line.state == "fail"
    assert "p = 1.0000" in line.figure


def test_subjects_of_one_class_cannot_be_permuted(evidence):
    y = pd.array(evidence.samples["subject"].str[1:].astype(int) % 2, dtype="Int64")
    clips = evidence.samples.assign(y=y)
    line = check_identity(replace(evidence, samples=clips, predictions=answer(clips, evidence.folds)))
    assert (line.state, line.explanation) == ("not applicable", "No tested subject has clips of two classes.")


def test_features_that_know_the_person_are_reported_and_do_not_fail(evidence):
    for number, subject in enumerate(evidence.samples["subject"]):
        features = np.random.default_rng(number).normal(size=(5, 8))
        features[:, int(subject[1:])] += 9
        features[0] = np.nan
        write_features(evidence.data_root / f"{number}.npy", features.astype(np.float16))
    assert identify_subjects(evidence) == (1.0, 6)
    line = check_identity(evidence)
    assert line.state == "pass"
    assert "features name the right one of 6 subjects in 100.0 % of the clips" in line.figure


def test_features_of_noise_do_not_know_the_person(evidence):
    share, subjects = identify_subjects(evidence)
    assert subjects == 6
    assert share < 0.5


def test_without_features_the_probe_is_left_out(evidence):
    bare = replace(evidence, stage=evidence.stage.drop(columns="features"))
    assert identify_subjects(bare) is None
    assert "features" not in check_identity(bare).figure
    unusable = replace(evidence, stage=evidence.stage.assign(features=""))
    assert identify_subjects(unusable) is None


def test_brightness_that_shows_the_label_fails(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=60 + 120 * y)
    line = check_covariates(evidence)
    assert line.state == "fail"
    assert line.figure.startswith("balanced accuracy 1.000")


def test_length_that_shows_the_label_fails_if_the_model_sees_it(evidence):
    longer = evidence.stage.assign(num_frames=5 + 20 * evidence.samples["y"].astype(int))
    assert check_covariates(replace(evidence, stage=longer)).state == "pass"
    shorter = evidence.stage.assign(num_frames=5 - 3 * evidence.samples["y"].astype(int))
    assert check_covariates(replace(evidence, stage=shorter)).state == "fail"


def test_frame_size_that_shows_the_label_fails(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=100, size=(64, 48 + 16 * y))
    assert check_covariates(evidence).state == "fail"


def test_what_is_measured(evidence):
    write_video(evidence.data_root / "00.avi", brightness=40, size=(96, 80))
    table = measure_covariates(evidence, np.arange(4))
    assert list(table) == ["brightness", "brightness within subject", "frame width", "frame height", "seconds"]
    assert table["brightness"][0] == pytest.approx(40, abs=3)
    assert table["brightness within subject"].sum() == pytest.approx(0, abs=1e-6)
    assert (table["frame width"][0], table["frame height"][0], table["seconds"][0]) == (96, 80, 1.0)


def test_an_image_model_sees_no_length(evidence):
    experiment = evidence.experiment.model_copy(update={"strategy": "full"})
    assert "seconds" not in measure_covariates(replace(evidence, experiment=experiment), np.arange(4))


def test_a_video_that_cannot_be_read_is_no_obstacle(evidence):
    (evidence.data_root / "00.avi").write_bytes(b"no video")
    (evidence.data_root / "01.avi").unlink()
    assert measure_covariates(evidence, np.arange(3))["brightness"].isna().tolist() == [True, True, False]
    assert check_covariates(evidence).state == "pass"


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
    monkeypatch.setattr(confounds, "MAX_PROBED", 12)
    assert "; 12 clips" in check_covariates(evidence).figure


def test_faces_missed_in_one_class_fail(evidence):
    missed = evidence.stage.assign(found=5 - 2 * evidence.samples["y"].astype(int))
    line = check_dropped(replace(evidence, stage=missed))
    assert line.state == "fail"
    assert "no pain 0.0 %, high pain 40.0 %" in line.figure


def test_faces_missed_alike_pass(evidence):
    line = check_dropped(replace(evidence, stage=evidence.stage.assign(found=3)))
    assert line.state == "pass"
    assert "no pain 40.0 %, high pain 40.0 %" in line.figure


def test_frames_are_counted_at_the_rate_of_the_features(evidence):
    line = check_dropped(replace(evidence, stage=evidence.stage.assign(frames=2, found=2)))
    assert "no pain 0.0 %, high pain 0.0 %" in line.figure


def test_a_labelled_clip_without_an_answer_fails(evidence):
    lost = evidence.predictions[evidence.predictions["clip"] != "clip00"]
    line = check_dropped(replace(evidence, predictions=lost))
    assert line.state == "fail"
    assert "1 not answered" in line.figure


def test_a_run_in_which_no_face_was_found_is_still_checked(evidence):
    stage = evidence.stage.assign(found=np.nan, frames=0, num_frames=0)
    predictions = evidence.predictions.assign(coverage=0.0)
    line = check_dropped(replace(evidence, stage=stage, predictions=predictions))
    assert "24 of 24 clips without a face" in line.figure
    assert "undefined of clips with a face" in line.figure


def test_of_single_frames_the_face_is_looked_for_in_each(evidence):
    samples = evidence.samples.assign(row=2, clip=evidence.samples["clip"] + "/002")
    predictions = evidence.predictions.assign(clip=evidence.predictions["clip"] + "/002")
    evidence = replace(evidence, samples=samples, predictions=predictions, stage=evidence.stage.assign(found=1))
    line = check_dropped(evidence)
    assert line.state == "pass"
    assert "no pain 0.0 %, high pain 0.0 %; 0 of 24 frames without a face" in line.figure
    for number in range(1, 24, 2):
        write_pictures(evidence.data_root / f"{number}.parquet", [None] * 5)
    line = check_dropped(evidence)
    assert line.state == "fail"
    assert "high pain 100.0 %; 12 of 24 frames" in line.figure


def test_single_frames_share_their_recording(evidence):
    assert check_covariates(replace(evidence, samples=evidence.samples.assign(row=2))).state == "not applicable"


def test_pictures_that_are_faces_drop_nothing(evidence):
    assert check_dropped(replace(evidence, stage=None)).state == "not applicable"
