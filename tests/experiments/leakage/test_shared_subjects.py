from dataclasses import replace

import numpy as np

from tests.experiments.leakage.runs import (
    draw_evidence,
    with_fold,
    without_subjects,
)
from transferpain.experiments.leakage.selection import SELECTION
from transferpain.experiments.leakage.shared_subjects import SHARED_SUBJECTS
from transferpain.experiments.leakage.shared_videos import SHARED_VIDEOS


def leak(evidence):
    fold = evidence.folds[0]
    return with_fold(evidence, train=np.append(fold.train, 3), test=np.setdiff1d(fold.test, [3]))


def test_a_tested_subject_in_training_fails():
    evidence = draw_evidence()
    fold = evidence.folds[0]
    leaky = with_fold(evidence, train=np.append(fold.train, 3), test=np.setdiff1d(fold.test, [3]))
    line = SHARED_SUBJECTS.run(leaky)
    assert line.state == "fail"
    assert line.figure.startswith("1 of 6 tested subjects")
    assert SHARED_VIDEOS.run(leaky).state == "pass"


def test_a_tested_subject_in_the_selection_fails():
    evidence = draw_evidence()
    fold = evidence.folds[0]
    leaky = with_fold(evidence, selection=np.append(fold.selection, 3), test=fold.test[:3])
    assert SHARED_SUBJECTS.run(leaky).state == "fail"
    assert SELECTION.run(leaky).state == "fail"


def test_equal_names_in_two_datasets_are_two_people():
    evidence = draw_evidence()
    clips = evidence.samples.copy()
    tested = clips.index.isin(evidence.folds[0].test)
    clips.loc[tested, "subject"] = clips["subject"].iloc[evidence.folds[0].train[0]]
    assert SHARED_SUBJECTS.run(replace(evidence, samples=clips)).state == "fail"
    clips.loc[tested, "dataset"] = "another"
    assert SHARED_SUBJECTS.run(replace(evidence, samples=clips)).state == "pass"


def test_without_subjects_there_is_nobody_to_look_for():
    line = SHARED_SUBJECTS.run(without_subjects(draw_evidence()))
    assert (line.state, line.figure) == ("not applicable", "")
    assert "name no subjects" in line.explanation
