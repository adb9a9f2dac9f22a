from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.runs import answer, draw_evidence
from transferpain.data.tasks.task import load_task
from transferpain.experiments.leakage.evidence import Fitted
from transferpain.experiments.leakage.splits import (
    check_classes,
    check_fitting,
    check_oversampling,
    check_selection,
    check_subjects,
    check_videos,
)
from transferpain.experiments.schema import DenseHead

SPLIT_CHECKS = [check_subjects, check_videos, check_oversampling, check_fitting, check_selection, check_classes]


def with_fold(evidence, **changes):
    """Replace parts of the first fold."""
    return replace(evidence, folds=(replace(evidence.folds[0], **changes), *evidence.folds[1:]))


def without_subjects(evidence):
    return replace(evidence, samples=evidence.samples.assign(subject=evidence.samples["clip"]))


@pytest.mark.parametrize("check", SPLIT_CHECKS)
def test_a_clean_run_passes(check):
    line = check(draw_evidence())
    assert line.state == "pass"
    assert line.figure
    assert line.explanation


def test_a_tested_subject_in_training_fails():
    evidence = draw_evidence()
    fold = evidence.folds[0]
    leaky = with_fold(evidence, train=np.append(fold.train, 3), test=np.setdiff1d(fold.test, [3]))
    line = check_subjects(leaky)
    assert (line.number, line.state) == (1, "fail")
    assert line.figure.startswith("1 of 6 tested subjects")
    assert check_videos(leaky).state == "pass"


def test_a_tested_subject_in_the_selection_fails():
    evidence = draw_evidence()
    fold = evidence.folds[0]
    leaky = with_fold(evidence, selection=np.append(fold.selection, 3), test=fold.test[:3])
    assert check_subjects(leaky).state == "fail"
    assert check_selection(leaky).state == "fail"


def test_equal_names_in_two_datasets_are_two_people():
    evidence = draw_evidence()
    clips = evidence.samples.copy()
    tested = clips.index.isin(evidence.folds[0].test)
    clips.loc[tested, "subject"] = clips["subject"].iloc[evidence.folds[0].train[0]]
    assert check_subjects(replace(evidence, samples=clips)).state == "fail"
    clips.loc[tested, "dataset"] = "another"
    assert check_subjects(replace(evidence, samples=clips)).state == "pass"


def test_without_subjects_only_rows_can_be_checked():
    evidence = without_subjects(draw_evidence())
    line = check_subjects(evidence)
    assert (line.state, line.figure) == ("not applicable", "")
    assert "name no subjects" in line.explanation
    assert "pictures" in check_selection(evidence).figure
    assert check_classes(evidence).state == "pass"


def test_two_stretches_of_one_video_in_two_splits_fail():
    evidence = draw_evidence()
    files = evidence.files.copy()
    files.loc[[0, 23], "media"] = "both.avi"
    line = check_videos(replace(evidence, files=files))
    assert (line.number, line.state) == (2, "fail")
    assert line.figure.startswith("1 of 23")


def test_a_copy_of_a_video_in_another_split_fails(tmp_path):
    evidence = draw_evidence(tmp_path)
    stage = evidence.stage.copy()
    assert check_videos(evidence).state == "pass"
    stage.loc[23, "key"] = stage["key"][0]
    assert check_videos(replace(evidence, stage=stage)).state == "fail"
    stage["key"] = ""
    assert check_videos(replace(evidence, stage=stage)).state == "pass"


def test_rows_of_one_file_of_images_are_told_apart():
    evidence = draw_evidence()
    files = evidence.files.assign(media="fer2013.csv", kind="image_rows", first_frame=range(24))
    assert check_videos(replace(evidence, files=files)).state == "pass"
    files.loc[23, "first_frame"] = 0
    assert check_videos(replace(evidence, files=files)).state == "fail"


def test_frames_of_one_video_in_two_splits_fail():
    evidence = draw_evidence()
    samples = evidence.samples.copy()
    samples.loc[23, ["file_clip", "row"]] = ["clip00", 3]
    line = check_videos(replace(evidence, samples=samples))
    assert line.state == "fail"
    assert line.figure.startswith("1 of 23")


def test_oversampling_before_the_split_fails():
    evidence = draw_evidence()
    pain = evidence.samples[evidence.samples["y"] == 1]
    clips = pd.concat([evidence.samples, pain], ignore_index=True)
    everything = np.arange(len(clips))
    folds = [replace(evidence.folds[0], test=everything)]
    line = check_oversampling(replace(evidence, samples=clips, folds=folds, predictions=answer(clips, folds)))
    assert (line.number, line.state) == (4, "fail")
    assert "12 of 36 rows repeated" in line.figure
    assert "high pain 24 of 12" in line.figure


def test_more_answers_than_clips_fail_even_if_the_clips_are_in_order():
    evidence = draw_evidence()
    twice = pd.concat([evidence.predictions, evidence.predictions], ignore_index=True)
    assert check_oversampling(replace(evidence, predictions=twice)).state == "fail"


def test_a_step_fitted_to_test_rows_fails():
    evidence = draw_evidence()
    scaler = Fitted("scaler", "fold0", np.arange(24))
    line = check_fitting(replace(evidence, fitted=(scaler,)))
    assert (line.number, line.state) == (5, "fail")
    assert "scaler: 8 test rows" in line.figure
    assert "weights of the network: 0 test rows" in line.figure


def test_a_declared_transductive_step_is_named():
    scaler = Fitted("z-score by subject", "fold0", np.arange(24), transductive=True)
    line = check_fitting(draw_evidence(fitted=(scaler,)))
    assert line.state == "pass"
    assert "Transductive, read test rows without their labels: z-score by subject" in line.explanation


def test_what_is_fitted_follows_the_experiment():
    assert "class weights: 0 test rows; batch normalisation: 0 test rows" in check_fitting(draw_evidence()).figure


@pytest.mark.parametrize(
    ("adaptation", "state", "rows"),
    [("subject_standardization", "pass", 24), ("baseline_subtraction", "pass", 0), ("coral", "pass", 0)],
)
def test_an_adaptation_is_named_with_the_test_rows_that_it_sees(adaptation, state, rows):
    evidence = draw_evidence()
    line = check_fitting(
        replace(evidence, experiment=evidence.experiment.model_copy(update={"adaptation": adaptation}))
    )
    assert line.state == state
    assert f"adaptation {adaptation}: {rows} test rows" in line.figure
    assert ("Transductive" in line.explanation) == (rows > 0)
    assert "no other row enters" not in line.explanation


def test_an_adaptation_that_may_not_see_test_rows_fails_if_it_does():
    evidence = draw_evidence()
    evidence = with_fold(evidence, reference=evidence.folds[0].test)
    experiment = evidence.experiment.model_copy(update={"adaptation": "coral"})
    line = check_fitting(replace(evidence, experiment=experiment))
    assert line.state == "fail"
    assert "adaptation coral: 8 test rows" in line.figure


def test_selection_on_the_tested_subjects_fails():
    evidence = draw_evidence()
    line = check_selection(with_fold(evidence, selection=evidence.folds[0].test))
    assert (line.number, line.state) == (6, "fail")
    assert line.figure.startswith("2 of 6 tested subjects")
    assert "optimistic" in line.explanation
    assert check_subjects(with_fold(evidence, selection=evidence.folds[0].test)).state == "pass"


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
    line = check_classes(replace(evidence, folds=folds))
    assert (line.number, line.state) == (12, "fail")
    assert fault in line.explanation


def test_a_class_without_a_training_clip_fails():
    evidence = draw_evidence()
    pain_free = np.flatnonzero(evidence.samples["y"] == 0)
    line = check_classes(with_fold(evidence, train=np.intersect1d(evidence.folds[0].train, pain_free)))
    assert "high pain is not trained in fold0" in line.explanation


def test_a_class_that_the_dataset_never_reaches_fails():
    line = check_classes(draw_evidence(task=load_task("biovid-five")))
    assert line.state == "fail"
    assert "level 4 is not tested" in line.explanation


def test_an_unlabelled_test_set_has_no_classes_to_check():
    evidence = draw_evidence()
    clips = evidence.samples.assign(y=pd.array([pd.NA] * 24, dtype="Int64"))
    evidence = replace(
        evidence, samples=clips, predictions=answer(evidence.samples, evidence.folds).assign(y_true=pd.NA)
    )
    assert check_classes(evidence).state == "not applicable"
    assert check_oversampling(evidence).state == "pass"


@pytest.mark.parametrize(
    ("strategy", "backbone", "fitted"),
    [("head", "resnet18", False), ("progressive", "resnet18", True), ("progressive", "vgg16", False)],
)
def test_batch_normalisation_is_fitted_where_it_is_trained(strategy, backbone, fitted):
    evidence = draw_evidence()
    changes = {"strategy": strategy, "backbone": backbone, "head": DenseHead(kind="dense")}
    experiment = evidence.experiment.model_copy(update=changes)
    assert ("batch normalisation" in check_fitting(replace(evidence, experiment=experiment)).figure) == fitted
