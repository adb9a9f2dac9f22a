from dataclasses import replace

import numpy as np
import pandas as pd

from tests.experiments.leakage.runs import (
    answer,
    draw_evidence,
    without_labels,
)
from transferpain.experiments.leakage.oversampling import OVERSAMPLING


def leak(evidence):
    samples = pd.concat([evidence.samples, evidence.samples], ignore_index=True)
    folds = (replace(evidence.folds[0], test=np.arange(len(samples))),)
    return replace(evidence, samples=samples, folds=folds, predictions=answer(samples, folds))


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
