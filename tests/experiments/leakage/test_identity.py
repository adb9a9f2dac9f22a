from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.runs import (
    answer,
    draw_evidence,
    without_labels,
    without_subjects,
)
from transferpain.experiments.leakage.identity import IDENTITY, identify_subjects
from transferpain.inputs.features.cache import write_features


def leak(evidence):
    person = evidence.samples["subject"].str[1:].astype(int) % 2
    return replace(evidence, predictions=answer(evidence.samples, evidence.folds, person))


@pytest.fixture
def evidence(tmp_path):
    return draw_evidence(tmp_path)


def test_a_run_that_knows_only_the_person_fails(evidence):
    line = IDENTITY.run(leak(evidence))
    assert line.state == "fail"
    assert "p = 1.0000" in line.figure


def test_subjects_of_one_class_cannot_be_permuted(evidence):
    y = pd.array(evidence.samples["subject"].str[1:].astype(int) % 2, dtype="Int64")
    clips = evidence.samples.assign(y=y)
    line = IDENTITY.run(replace(evidence, samples=clips, predictions=answer(clips, evidence.folds)))
    assert (line.state, line.explanation) == ("not applicable", "No tested subject has clips of two classes.")


def test_features_that_know_the_person_are_reported_and_do_not_fail(evidence):
    for number, subject in enumerate(evidence.samples["subject"]):
        features = np.random.default_rng(number).normal(size=(5, 8))
        features[:, int(subject[1:])] += 9
        features[0] = np.nan
        write_features(evidence.data_root / f"{number}.npy", features.astype(np.float16))
    assert identify_subjects(evidence) == (1.0, 6)
    line = IDENTITY.run(evidence)
    assert line.state == "pass"
    assert "features name the right one of 6 subjects in 100.0 % of the clips" in line.figure


def test_features_of_noise_do_not_know_the_person(evidence):
    share, subjects = identify_subjects(evidence)
    assert subjects == 6
    assert share < 0.5


def test_without_features_the_probe_is_left_out(evidence):
    bare = replace(evidence, stage=evidence.stage.drop(columns="features"))
    assert identify_subjects(bare) is None
    assert "features" not in IDENTITY.run(bare).figure
    unusable = replace(evidence, stage=evidence.stage.assign(features=""))
    assert identify_subjects(unusable) is None


def test_without_subjects_or_labels_there_are_no_people_to_confuse(evidence):
    assert IDENTITY.run(without_subjects(evidence)).state == "not applicable"
    assert IDENTITY.run(without_labels(evidence)).state == "not applicable"
