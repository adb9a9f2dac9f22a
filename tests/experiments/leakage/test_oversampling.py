from dataclasses import replace

import numpy as np
import pandas as pd

from tests.experiments.leakage.runs import (
    answer,
    draw_evidence,
    without_labels,
)
from transferpain.core.contracts import FittedRows
from transferpain.experiments.leakage.oversampling import OVERSAMPLING


def leak(evidence):
    samples = pd.concat([evidence.samples, evidence.samples], ignore_index=True)
    folds = (replace(evidence.folds[0], test=np.arange(len(samples))),)
    return replace(evidence, samples=samples, folds=folds, predictions=answer(samples, folds))


def test_copies_of_a_subjects_clip_fail_under_any_name(tmp_path):
    evidence = draw_evidence(tmp_path)
    keys = evidence.stage["key"].to_numpy(copy=True)
    keys[1] = keys[0]
    line = OVERSAMPLING.run(replace(evidence, stage=evidence.stage.assign(key=keys)))
    assert (line.state, line.figure.split(";")[0]) == ("fail", "1 of 24 rows repeated")


def test_the_same_video_of_two_subjects_is_not_this_lines(tmp_path):
    evidence = draw_evidence(tmp_path)
    keys = evidence.stage["key"].to_numpy(copy=True)
    keys[20] = keys[0]
    assert OVERSAMPLING.run(replace(evidence, stage=evidence.stage.assign(key=keys))).state == "pass"


def test_clips_that_cannot_be_used_are_no_copies_of_each_other(tmp_path):
    evidence = draw_evidence(tmp_path)
    assert OVERSAMPLING.run(replace(evidence, stage=evidence.stage.assign(key=""))).state == "pass"


def test_test_rows_that_are_multiplied_for_training_fail():
    evidence = draw_evidence()
    assert "36 rows repeated or changed for training, 0 of them tested" in OVERSAMPLING.run(evidence).figure
    copied = FittedRows("repeated pictures", np.arange(24), use="copies")
    fitted = {**evidence.fitted, "fold0": (*evidence.fitted["fold0"], copied)}
    line = OVERSAMPLING.run(replace(evidence, fitted=fitted))
    assert line.state == "fail"
    assert "8 of them tested" in line.figure


def test_oversampling_before_the_split_fails():
    evidence = draw_evidence()
    pain = evidence.samples[evidence.samples["y"] == 1]
    clips = pd.concat([evidence.samples, pain], ignore_index=True)
    everything = np.arange(len(clips))
    folds = [replace(evidence.folds[0], test=everything)]
    line = OVERSAMPLING.run(replace(evidence, samples=clips, folds=folds, predictions=answer(clips, folds)))
    assert line.state == "fail"
    assert "12 of 36 rows repeated" in line.figure
    assert "high pain 24 of 12" in line.figure


def test_more_answers_than_clips_fail_even_if_the_clips_are_in_order():
    evidence = draw_evidence()
    twice = pd.concat([evidence.predictions, evidence.predictions], ignore_index=True)
    assert OVERSAMPLING.run(replace(evidence, predictions=twice)).state == "fail"


def test_answers_without_a_label_are_not_counted():
    assert OVERSAMPLING.run(without_labels(draw_evidence())).state == "pass"
