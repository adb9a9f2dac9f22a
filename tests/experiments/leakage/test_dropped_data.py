from dataclasses import replace

import numpy as np
import pytest

from tests.experiments.leakage.runs import (
    draw_evidence,
    single_frames,
    without_labels,
    write_pictures,
)
from transferpain.experiments.leakage.dropped_data import DROPPED_DATA


def leak(evidence):
    return replace(evidence, stage=evidence.stage.assign(found=5 - 2 * evidence.samples["y"].astype(int)))


@pytest.fixture
def evidence(tmp_path):
    return draw_evidence(tmp_path)


def test_faces_missed_in_one_class_fail(evidence):
    missed = evidence.stage.assign(found=5 - 2 * evidence.samples["y"].astype(int))
    line = DROPPED_DATA.run(replace(evidence, stage=missed))
    assert line.state == "fail"
    assert "no pain 0.0 %, high pain 40.0 %" in line.figure


def test_faces_missed_alike_pass(evidence):
    line = DROPPED_DATA.run(replace(evidence, stage=evidence.stage.assign(found=3)))
    assert line.state == "pass"
    assert "no pain 40.0 %, high pain 40.0 %" in line.figure


def test_frames_are_counted_at_the_rate_of_the_features(evidence):
    line = DROPPED_DATA.run(replace(evidence, stage=evidence.stage.assign(frames=2, found=2)))
    assert "no pain 0.0 %, high pain 0.0 %" in line.figure


def test_a_labelled_clip_without_an_answer_fails(evidence):
    lost = evidence.predictions[evidence.predictions["clip"] != "clip00"]
    line = DROPPED_DATA.run(replace(evidence, predictions=lost))
    assert line.state == "fail"
    assert "1 not answered" in line.figure


def test_a_run_in_which_no_face_was_found_is_still_checked(evidence):
    stage = evidence.stage.assign(found=np.nan, frames=0, num_frames=0)
    predictions = evidence.predictions.assign(coverage=0.0)
    line = DROPPED_DATA.run(replace(evidence, stage=stage, predictions=predictions))
    assert "24 of 24 clips without a face" in line.figure
    assert "undefined of clips with a face" in line.figure


def test_of_single_frames_the_face_is_looked_for_in_each(evidence):
    evidence = single_frames(evidence, [2] * 24)
    samples = evidence.samples.assign(clip=evidence.samples["clip"] + "/002")
    predictions = evidence.predictions.assign(clip=evidence.predictions["clip"] + "/002")
    evidence = replace(evidence, samples=samples, predictions=predictions, stage=evidence.stage.assign(found=1))
    line = DROPPED_DATA.run(evidence)
    assert line.state == "pass"
    assert "no pain 0.0 %, high pain 0.0 %; 0 of 24 frames without a face" in line.figure
    for number in range(1, 24, 2):
        write_pictures(evidence.data_root / f"{number}.parquet", [None] * 5)
    line = DROPPED_DATA.run(evidence)
    assert line.state == "fail"
    assert "high pain 100.0 %; 12 of 24 frames" in line.figure


def test_pictures_that_are_faces_drop_nothing(evidence):
    assert DROPPED_DATA.run(replace(evidence, stage=None)).state == "not applicable"


def test_without_labels_nothing_can_be_said(evidence):
    assert DROPPED_DATA.run(without_labels(evidence)).state == "not applicable"
