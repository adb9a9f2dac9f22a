from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.experiments.leakage.runs import (
    answer,
    draw_evidence,
    without_labels,
    without_subjects,
)
from transferpain.experiments.leakage.identity import IDENTITY, LEAKS, identify_subjects, refit
from transferpain.inputs.features.cache import write_features


def leak(evidence):
    """Twelve names of six people, of whom two are always in pain, two never, and two now and then."""
    name = np.arange(24) // 2
    person = name % 6
    y = np.where(person < 2, 1, np.where(person < 4, 0, np.arange(24) % 2))
    for number in range(24):
        features = np.random.default_rng(number).normal(size=(5, 8))
        features[:, person[number]] += 9
        write_features(evidence.data_root / f"{number}.npy", features.astype(np.float16))
    samples = evidence.samples.assign(y=pd.array(y, dtype="Int64"), subject=[f"N{one}" for one in name])
    return replace(evidence, samples=samples, predictions=answer(samples, evidence.folds))


@pytest.fixture
def evidence(tmp_path):
    return draw_evidence(tmp_path)


def test_labels_that_only_say_who_is_shown_are_enough_where_a_person_has_two_names(evidence):
    line = IDENTITY.run(leak(evidence))
    assert line.state == "fail"
    assert "one person stands under two names" in line.explanation


def test_a_probe_above_chance_and_one_at_chance_both_pass_and_say_so(evidence):
    line = IDENTITY.run(evidence)
    assert (line.state, line.figure[:45]) == ("pass", "a probe on the features: balanced accuracy 1."[:45])
    assert "is above chance." in line.explanation
    for number in range(24):
        features = np.random.default_rng(number).normal(size=(5, 8))
        write_features(evidence.data_root / f"{number}.npy", features.astype(np.float16))
    line = IDENTITY.run(evidence)
    assert line.state == "pass"
    assert "not above chance, which is no leak" in line.explanation


@pytest.mark.slow
def test_people_who_differ_in_pain_and_stand_under_one_name_do_not_fail():
    """Their features tell them apart, but nobody else's labels say what they feel."""
    fails = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        subjects = np.repeat(np.arange(12), 6)
        features = generator.normal(size=(12, 20))[subjects] * 3 + generator.normal(size=(72, 20))
        labels = (np.tile(np.arange(6), 12) < generator.integers(1, 6, 12)[subjects]).astype(np.int64)
        refitted = refit(features, labels, subjects, draws=100)
        fails += refitted.permuted.mean() > 0.5 and refitted.p_identity < LEAKS
    assert fails <= 2


def test_refitting_finds_what_a_probe_from_scikit_learn_finds():
    generator = np.random.default_rng(0)
    subjects, labels = np.repeat(np.arange(10), 8), np.tile([0, 1], 40)
    features = generator.normal(size=(80, 5))
    features[:, 0] += 1.5 * labels
    refitted = refit(features, labels, subjects, draws=100)
    probe = make_pipeline(StandardScaler(), LogisticRegression())
    answers = cross_val_predict(probe, features, labels, groups=subjects, cv=GroupKFold(5))
    assert refitted.observed == pytest.approx(balanced_accuracy_score(labels, answers), abs=0.05)
    assert refitted.p < 0.02
    assert refitted.permuted.mean() == pytest.approx(0.5, abs=0.03)


def test_subjects_of_one_class_cannot_be_permuted(evidence):
    y = pd.array(evidence.samples["subject"].str[1:].astype(int) % 2, dtype="Int64")
    clips = evidence.samples.assign(y=y)
    one_class = replace(evidence, samples=clips, predictions=answer(clips, evidence.folds))
    line = IDENTITY.run(one_class)
    assert (line.state, line.explanation) == ("not applicable", "No subject has clips of two classes.")
    line = IDENTITY.run(replace(one_class, stage=None))
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
    line = IDENTITY.run(bare)
    assert (line.state, line.figure[:23]) == ("not applicable", "balanced accuracy 1.000")
    assert "no features to refit a probe to. The answers are above chance." in line.explanation
    unusable = replace(evidence, stage=evidence.stage.assign(features=""))
    assert identify_subjects(unusable) is None


def test_without_subjects_or_labels_there_are_no_people_to_confuse(evidence):
    assert IDENTITY.run(without_subjects(evidence)).state == "not applicable"
    assert IDENTITY.run(without_labels(evidence)).state == "not applicable"
