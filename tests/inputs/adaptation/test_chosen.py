"""What an adaptation may see, fold by fold, and what a table says of it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.inputs.adaptation.base import FeatureAdaptation
from transferpain.inputs.adaptation.chosen import (
    adaptation_warnings,
    add_references,
    check_adaptation,
    needed_clips,
    target_data,
    target_facts,
)
from transferpain.inputs.adaptation.registry import ADAPTATIONS

CROSS = {"kind": "cross_dataset", "test_dataset": "ai4pain"}


def experiment(adaptation: str | None = "coral", **changes) -> Experiment:
    values = {
        "name": "test",
        "task": "cross-binary",
        "dataset": "biovid",
        "protocol": CROSS,
        "source": "untrained",
        "strategy": "frozen",
        "adaptation": adaptation,
        "head": {"kind": "ann"},
    }
    return Experiment.model_validate(values | changes)


def two_datasets() -> pd.DataFrame:
    """Six BioVid subjects, and three AI4Pain subjects in each folder, with two clips without pain and two with."""
    rows = []
    for dataset, split, names in (
        ("biovid", "", "abcdef"),
        ("ai4pain", "train", "abc"),
        ("ai4pain", "validation", "def"),
        ("ai4pain", "test", "ghi"),
    ):
        rows += [
            {"dataset": dataset, "subject": name, "split": split, "clip": f"{dataset}/{name}{clip}", "y": clip % 2}
            for name in names
            for clip in range(4)
        ]
    return pd.DataFrame(rows).assign(row=-1).astype({"y": "Int64"})


def protocol_of(values: dict) -> ProtocolSettings:
    return ProtocolSettings.model_validate(values)


def folds_of(method: str | None, samples: pd.DataFrame, protocol: dict = CROSS) -> list[Fold]:
    settings = protocol_of(protocol)
    return add_references(method, samples, make_folds(samples, settings, 0), settings, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"strategy": "full", "head": {"kind": "dense"}},
            "adaptation: `coral` changes cached features; strategy `full_fine_tuning` takes `deep_coral`, ",
        ),
        ({"adaptation": "dann"}, "`dann` draws a network's features .*; strategy `frozen` takes `subject_standard"),
        ({"protocol": {"kind": "group_kfold"}}, "or `grouped_cross_dataset` only, received `group_kfold`"),
        ({"protocol": {"kind": "random_frames", "allow_leakage": True}}, "random_frames` splits without them"),
        ({"adaptation": "few_shot"}, "`adaptation`: known are .*`coral`.*, received `few_shot`"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(tmp_path, changes, message):
    values = experiment().model_dump(mode="json")
    path = tmp_path / "a.yaml"
    path.write_text("{}")
    with pytest.raises(UserError, match=message) as caught:
        load_experiment(path, values | changes)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("method", ["coral", "batch_norm"])
def test_the_targets_training_subjects_are_seen_and_nobody_else_of_the_target(method):
    samples = two_datasets()
    samples.loc[samples["subject"] == "b", "y"] = pd.NA
    (fold,) = folds_of(method, samples)
    seen = samples.iloc[ADAPTATIONS[method].fitted_on(samples, fold)]
    target = seen[seen["dataset"] == "ai4pain"]
    assert set(target["subject"]) == {"a", "b", "c"}
    assert len(target) == 12
    assert set(seen["dataset"]) == ({"ai4pain", "biovid"} if method == "coral" else {"ai4pain"})
    assert set(samples["split"].iloc[fold.test]) == {"validation"}


@pytest.mark.parametrize("method", ["coral", "batch_norm", "deep_coral", "dann", "mmd"])
def test_without_training_subjects_of_the_target_nothing_can_be_adapted(method):
    samples = two_datasets()
    with pytest.raises(UserError, match="no training subject of ai4pain"):
        folds_of(method, samples[samples["split"] != "train"].reset_index(drop=True))


def test_without_an_adaptation_no_clip_is_added():
    samples = two_datasets()
    (fold,) = folds_of(None, samples)
    assert not len(fold.reference)
    samples = samples.assign(file_clip=samples["clip"])
    assert list(needed_clips(None, samples, [fold])) == list(samples["clip"])
    leaking = protocol_of({"kind": "random_frames", "allow_leakage": True})
    check_adaptation(None, leaking, FeatureAdaptation, "frozen")


def test_adabn_on_one_dataset_sees_the_clips_that_are_learned_from():
    samples = two_datasets()[:24]
    for fold in folds_of("batch_norm", samples, {"kind": "loso"}):
        seen = ADAPTATIONS["batch_norm"].fitted_on(samples, fold)
        assert np.array_equal(seen, np.union1d(fold.train, fold.selection))


def test_only_what_sees_tested_clips_is_transductive_and_warns():
    samples, found = two_datasets(), {}
    for method in ADAPTATIONS:
        folds = folds_of(method, samples)
        facts = target_facts(method, protocol_of(CROSS), samples, folds)["adaptation"]
        assert facts["name"] == method
        assert facts["sees"]
        assert facts["paper"]
        found[method] = facts["transductive"]
        assert bool(adaptation_warnings(method, samples, folds)) == facts["transductive"]
    transductive = {"subject_standardization", "deep_coral_transductive", "dann_transductive", "mmd_transductive"}
    assert found == {method: method in transductive for method in ADAPTATIONS}
    (fold,) = folds_of("coral", samples)
    leaking = [dataclasses.replace(fold, reference=np.union1d(fold.reference, fold.test))]
    assert target_facts("coral", protocol_of(CROSS), samples, leaking)["adaptation"]["transductive"]
    assert target_facts(None, protocol_of(CROSS), samples, [fold])["adaptation"] is None


HOLDOUT = {"kind": "holdout", "holdout": "biovid-61-26"}


@pytest.mark.parametrize(
    ("adaptation", "protocol", "expected"),
    [
        (None, CROSS, "none"),
        ("coral", CROSS, "unlabelled training subjects"),
        ("batch_norm", CROSS, "unlabelled training subjects"),
        ("subject_standardization", CROSS, "unlabelled test clips (transductive)"),
        ("baseline_subtraction", CROSS, "no-pain clips of the tested subjects"),
        ("mmd", CROSS, "unlabelled training subjects"),
        ("mmd_transductive", CROSS, "unlabelled test clips (transductive)"),
        (None, CROSS | {"train_subjects": 3}, "none"),
        (None, CROSS | {"selection": "paper"}, "labels of the test clips, for selection"),
        (None, HOLDOUT, "all training subjects"),
        ("batch_norm", HOLDOUT, "all training subjects"),
        (None, HOLDOUT | {"train_subjects": 5}, "5 labelled subjects; labelled subjects for selection"),
        ("subject_standardization", HOLDOUT, "all training subjects; unlabelled test clips (transductive)"),
        (None, {"kind": "random_frames", "allow_leakage": True}, "labelled clips of the tested subjects (leaks)"),
        (None, {"selection": "paper", "test_split": "test"}, "all training subjects"),
    ],
)
def test_a_table_says_what_was_seen_of_the_target(adaptation, protocol, expected):
    assert target_data(adaptation, protocol_of(protocol)) == expected
