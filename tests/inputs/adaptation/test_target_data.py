"""What an adaptation may see, fold by fold, and what a table says of it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.protocols.make import make_folds
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.inputs.adaptation.target_data import (
    adaptation_warnings,
    adapted_to,
    add_references,
    target_data,
    target_facts,
)

CROSS = {"kind": "cross_dataset", "test_dataset": "ai4pain"}
METHODS = ("subject_standardization", "baseline_subtraction", "coral", "batch_norm")


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


def folds_of(chosen: Experiment, samples: pd.DataFrame):
    return add_references(chosen, samples, make_folds(samples, chosen.protocol, 0), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "full", "head": {"kind": "dense"}}, "strategy `frozen` only, received `full`"),
        ({"protocol": {"kind": "group_kfold"}}, "`cross_dataset` only, received `group_kfold`"),
        ({"protocol": {"kind": "random_frames", "allow_leakage": True}}, "random_frames` splits without them"),
        ({"adaptation": "few_shot"}, "`adaptation`: .*Received: 'few_shot'"),
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
    (fold,) = folds_of(experiment(method), samples)
    seen = samples.iloc[adapted_to(experiment(method), samples, fold)]
    target = seen[seen["dataset"] == "ai4pain"]
    assert set(target["subject"]) == {"a", "b", "c"}
    assert len(target) == 12
    assert set(seen["dataset"]) == ({"ai4pain", "biovid"} if method == "coral" else {"ai4pain"})
    assert set(samples["split"].iloc[fold.test]) == {"validation"}


@pytest.mark.parametrize("method", ["coral", "batch_norm"])
def test_without_training_subjects_of_the_target_nothing_can_be_adapted(method):
    samples = two_datasets()
    with pytest.raises(UserError, match="no training subject of ai4pain"):
        folds_of(experiment(method), samples[samples["split"] != "train"].reset_index(drop=True))


def test_without_an_adaptation_no_clip_is_added():
    samples = two_datasets()
    (fold,) = folds_of(experiment(None), samples)
    assert not len(fold.reference)
    assert not len(adapted_to(experiment(None), samples, fold))


def test_adabn_on_one_dataset_sees_the_clips_that_are_learned_from():
    chosen, samples = experiment("batch_norm", protocol={"kind": "loso"}), two_datasets()[:24]
    for fold in folds_of(chosen, samples):
        assert np.array_equal(adapted_to(chosen, samples, fold), np.union1d(fold.train, fold.selection))


@pytest.mark.parametrize("protocol", [CROSS, {"kind": "group_kfold", "folds": 2}, CROSS | {"selection": "paper"}])
def test_a_baseline_clip_of_each_tested_subject_is_taken_out_of_the_test(protocol):
    chosen, samples = experiment("baseline_subtraction", protocol=protocol), two_datasets()
    if protocol is not CROSS:
        samples = samples[samples["dataset"] == ("biovid" if "folds" in protocol else samples["dataset"])].reset_index(
            drop=True
        )
    before = make_folds(samples, chosen.protocol, 0)
    for fold, whole in zip(folds_of(chosen, samples), before, strict=True):
        taken = samples.iloc[fold.reference]
        assert (taken["y"] == 0).all()
        assert sorted(taken["subject"]) == sorted(samples["subject"].iloc[whole.test].unique())
        assert np.array_equal(np.union1d(fold.test, fold.reference), whole.test)
        for part in (fold.train, fold.selection, fold.test):
            assert not np.intersect1d(part, fold.reference).size
        seen = samples.iloc[adapted_to(chosen, samples, fold)]
        assert (seen["y"] == 0).all()
        learned = samples.iloc[np.setdiff1d(np.union1d(whole.train, whole.selection), whole.test)]
        assert len(seen) == len(taken) + (learned["y"] == 0).sum()


def test_the_draw_of_baseline_clips_depends_on_no_order_and_no_other_subject():
    chosen, samples = experiment("baseline_subtraction"), two_datasets()
    (fold,) = folds_of(chosen, samples)
    turned = samples[::-1].reset_index(drop=True)
    (again,) = folds_of(chosen, turned)
    assert set(turned["clip"].iloc[again.reference]) == set(samples["clip"].iloc[fold.reference])
    fewer = samples[samples["subject"] != "f"].reset_index(drop=True)
    (fold_of_fewer,) = folds_of(chosen, fewer)
    assert set(fewer["clip"].iloc[fold_of_fewer.reference]) < set(samples["clip"].iloc[fold.reference])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda samples: samples.assign(row=0), "Single frames have no baseline clip"),
        (lambda samples: samples.assign(y=samples["y"].where(samples["subject"] != "e", 1)), "ai4pain/e"),
        (lambda samples: samples.assign(y=samples["y"].where(samples["subject"] != "a", 1)), "biovid/a"),
        (
            lambda samples: samples[~samples["clip"].str.endswith("2")].reset_index(drop=True),
            "no clip without pain to be",
        ),
        (
            lambda samples: samples.assign(y=samples["y"].where(samples["split"] != "validation")),
            "labelled as without pain",
        ),
    ],
)
def test_who_has_no_baseline_is_refused(change, message):
    samples = change(two_datasets())
    with pytest.raises(UserError, match=message):
        folds_of(experiment("baseline_subtraction"), samples)


def test_only_what_sees_tested_clips_is_transductive_and_warns():
    samples, found = two_datasets(), {}
    for method in METHODS:
        chosen = experiment(method)
        folds = folds_of(chosen, samples)
        facts = target_facts(chosen, samples, folds)["adaptation"]
        assert facts["name"] == method
        assert facts["sees"]
        assert facts["paper"]
        found[method] = facts["transductive"]
        assert bool(adaptation_warnings(chosen, samples, folds)) == facts["transductive"]
    assert found == {method: method == "subject_standardization" for method in METHODS}
    chosen = experiment("coral")
    (fold,) = folds_of(chosen, samples)
    leaking = [dataclasses.replace(fold, reference=np.union1d(fold.reference, fold.test))]
    assert target_facts(chosen, samples, leaking)["adaptation"]["transductive"]
    assert target_facts(experiment(None), samples, [fold])["adaptation"] is None


HOLDOUT = {"kind": "holdout", "holdout": "biovid-61-26"}


@pytest.mark.parametrize(
    ("adaptation", "protocol", "expected"),
    [
        (None, CROSS, "none"),
        ("coral", CROSS, "unlabelled training subjects"),
        ("batch_norm", CROSS, "unlabelled training subjects"),
        ("subject_standardization", CROSS, "unlabelled test clips (transductive)"),
        ("baseline_subtraction", CROSS, "no-pain clips of the tested subjects"),
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
    assert target_data(experiment(adaptation, protocol=protocol)) == expected
