from dataclasses import replace

import numpy as np
import pytest

from tests.experiments.leakage.runs import (
    draw_evidence,
    with_fold,
    without_labels,
    without_subjects,
)
from transferpain.data.tasks.task import load_task
from transferpain.experiments.leakage.classes import CLASSES


def leak(evidence):
    painless = np.flatnonzero(evidence.samples["y"] == 0)
    folds = tuple(replace(fold, test=np.intersect1d(fold.test, painless)) for fold in evidence.folds)
    return replace(evidence, folds=folds)


@pytest.mark.parametrize(
    ("kept", "fault"),
    [
        (lambda clips: clips["y"] == 0, "high pain is not tested"),
        (lambda clips: (clips["y"] == 0) | (clips["subject"] == "S0"), "high pain is tested on one subject"),
    ],
)
def test_empty_and_single_subject_classes_fail(kept, fault):
    evidence = draw_evidence()
    positions = np.flatnonzero(kept(evidence.samples))
    folds = tuple(replace(fold, test=np.intersect1d(fold.test, positions)) for fold in evidence.folds)
    line = CLASSES.run(replace(evidence, folds=folds))
    assert line.state == "fail"
    assert fault in line.explanation


def test_a_class_without_a_training_clip_fails():
    evidence = draw_evidence()
    pain_free = np.flatnonzero(evidence.samples["y"] == 0)
    line = CLASSES.run(with_fold(evidence, train=np.intersect1d(evidence.folds[0].train, pain_free)))
    assert "high pain is not trained in fold0" in line.explanation


def test_a_class_that_the_dataset_never_reaches_fails():
    line = CLASSES.run(draw_evidence(task=load_task("biovid-five")))
    assert line.state == "fail"
    assert "level 4 is not tested" in line.explanation


def test_without_subjects_pictures_are_counted():
    line = CLASSES.run(without_subjects(draw_evidence()))
    assert (line.state, line.figure) == ("pass", "tested pictures: no pain 12, high pain 12")


def test_an_unlabelled_test_set_has_no_classes_to_check():
    assert CLASSES.run(without_labels(draw_evidence())).state == "not applicable"
