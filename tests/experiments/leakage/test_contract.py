"""Every check passes or does not apply on a clean run, and fails on the leak that it is there for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.runs import (
    answer,
    by_person,
    draw_evidence,
    noise,
    with_fold,
    write_pictures,
    write_video,
)
from transferpain.core.contracts import FittedRows
from transferpain.experiments.leakage import registry
from transferpain.experiments.leakage.lineage import describe_training
from transferpain.experiments.leakage.registry import CHECKS


def subject_in_two_splits(evidence):
    fold = evidence.folds[0]
    return with_fold(evidence, train=np.append(fold.train, 3), test=np.setdiff1d(fold.test, [3]))


def video_in_two_splits(evidence):
    keys = evidence.stage["key"].tolist()
    return replace(evidence, stage=evidence.stage.assign(key=[*keys[:-1], keys[0]]))


def copied_pictures(evidence):
    for number in (0, 20):
        write_pictures(evidence.data_root / f"{number}.parquet", [noise(np.random.default_rng(0))] * 5)
    return evidence


def rows_before_the_split_twice(evidence):
    samples = pd.concat([evidence.samples, evidence.samples], ignore_index=True)
    folds = (replace(evidence.folds[0], test=np.arange(len(samples))),)
    return replace(evidence, samples=samples, folds=folds, predictions=answer(samples, folds))


def scaler_of_all_rows(evidence):
    everything = FittedRows("scaler", np.arange(len(evidence.samples)))
    return replace(evidence, fitted={fold.name: (everything,) for fold in evidence.folds})


def selection_on_the_test(evidence):
    return with_fold(evidence, selection=evidence.folds[0].test)


def source_of_tested_subjects(evidence):
    return replace(evidence, lineage=(describe_training(evidence.task, evidence.samples, evidence.folds[0]),))


def brightness_by_label(evidence):
    for media, y in zip(evidence.samples["media"], evidence.samples["y"], strict=True):
        write_video(evidence.data_root / media, brightness=60 + 120 * y)
    return evidence


def faces_missed_in_pain(evidence):
    return replace(evidence, stage=evidence.stage.assign(found=5 - 2 * evidence.samples["y"].astype(int)))


def meaning_not_stated(evidence):
    (ancestor,) = source_of_tested_subjects(evidence).lineage
    return replace(evidence, lineage=(replace(ancestor, definition=""),))


def pain_never_tested(evidence):
    painless = np.flatnonzero(evidence.samples["y"] == 0)
    folds = tuple(replace(fold, test=np.intersect1d(fold.test, painless)) for fold in evidence.folds)
    return replace(evidence, folds=folds)


PLANTS = {
    registry.SHARED_SUBJECTS: subject_in_two_splits,
    registry.SHARED_VIDEOS: video_in_two_splits,
    registry.NEAR_DUPLICATES: copied_pictures,
    registry.OVERSAMPLING: rows_before_the_split_twice,
    registry.FITTING: scaler_of_all_rows,
    registry.SELECTION: selection_on_the_test,
    registry.PRETRAINING: source_of_tested_subjects,
    registry.IDENTITY: by_person,
    registry.COVARIATES: brightness_by_label,
    registry.DROPPED_DATA: faces_missed_in_pain,
    registry.LABEL_MEANING: meaning_not_stated,
    registry.CLASSES: pain_never_tested,
}
EVERY = pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))


def test_every_check_has_a_leak_to_find():
    assert set(PLANTS) == set(CHECKS.values())


@EVERY
def test_a_clean_run_has_no_leak(check, tmp_path):
    verdict = check.run(draw_evidence(tmp_path))
    assert verdict.state in ("pass", "not applicable")
    assert bool(verdict.figure) == (verdict.state == "pass")
    assert verdict.explanation.endswith(".")


@EVERY
def test_the_planted_leak_is_found(check, tmp_path):
    verdict = check.run(PLANTS[check](draw_evidence(tmp_path)))
    assert verdict.state == "fail"
    assert verdict.figure
    assert verdict.explanation.endswith(".")


@EVERY
def test_the_same_run_has_the_same_verdict(check, tmp_path):
    evidence = draw_evidence(tmp_path)
    assert check.run(evidence) == check.run(evidence)


@EVERY
@pytest.mark.parametrize("strategy", ["frozen", "full", "a strategy that is not written yet"])
def test_the_name_of_the_strategy_changes_nothing(check, strategy, tmp_path):
    evidence = draw_evidence(tmp_path)
    renamed = evidence.experiment.model_copy(update={"strategy": strategy})
    assert check.run(replace(evidence, experiment=renamed)) == check.run(evidence)
