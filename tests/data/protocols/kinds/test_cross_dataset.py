"""Protocols that train on one dataset and test on another, or on few subjects, and what an adaptation may see."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.data.protocols.protocol_clips import OFFICIAL, make_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import HOLDOUT_SUBJECTS
from transferpain.data.datasets.unbc_facts import SUBJECTS
from transferpain.data.protocols.kinds.cross_dataset import target_training
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.subject_lists import HOLDOUTS


def two_datasets() -> pd.DataFrame:
    unbc = make_clips({"train": 25}, dataset="unbc").assign(split="")
    unbc["subject"] = np.repeat(list(SUBJECTS), 3)
    return pd.concat([make_clips(OFFICIAL), unbc], ignore_index=True)


def test_cross_dataset_trains_and_tests_on_the_fixed_holdouts():
    clips = two_datasets()
    settings = ProtocolSettings(kind="cross_dataset", test_dataset="unbc")
    (fold,) = make_folds(clips, settings, seed=0)
    assert set(clips["dataset"].iloc[np.concatenate([fold.train, fold.selection])]) == {"ai4pain"}
    assert set(clips["split"].iloc[np.concatenate([fold.train, fold.selection])]) == {"train"}
    assert set(clips["dataset"].iloc[fold.test]) == {"unbc"}
    assert subjects(clips, fold.test) == set(HOLDOUTS["unbc-20-5"].subjects)
    assert any("unbc-20-5" in line for line in settings.provenance)


@pytest.mark.parametrize("test_split", ["validation", "test"])
def test_cross_dataset_tests_on_one_folder_of_a_dataset_with_folders(test_split):
    clips = two_datasets().sort_values("dataset", ascending=False, ignore_index=True)
    settings = ProtocolSettings(kind="cross_dataset", test_dataset="ai4pain", test_split=test_split)
    (fold,) = make_folds(clips, settings, seed=0)
    assert set(clips["split"].iloc[fold.test]) == {test_split}
    trained = subjects(clips, np.concatenate([fold.train, fold.selection]))
    assert trained == set(SUBJECTS) - set(HOLDOUTS["unbc-20-5"].subjects)


def test_one_name_in_two_datasets_is_two_subjects():
    clips = pd.concat([make_clips(OFFICIAL), make_clips(OFFICIAL, dataset="own")], ignore_index=True)
    settings = ProtocolSettings(kind="cross_dataset", test_dataset="own")
    (fold,) = make_folds(clips, settings, seed=0)
    assert set(clips["dataset"].iloc[fold.test]) == {"own"}


def test_cross_dataset_refuses_a_dataset_without_a_holdout():
    own = make_clips({"": 9}, dataset="own")
    clips = pd.concat([make_clips(OFFICIAL), own], ignore_index=True)
    with pytest.raises(UserError, match="leaves the test part empty"):
        make_folds(clips, ProtocolSettings(kind="cross_dataset", test_dataset="own"), seed=0)


@pytest.mark.parametrize("selection", ["inner", "paper"])
def test_only_so_many_training_subjects_are_trained_on(selection):
    clips, common = make_clips(OFFICIAL), {"kind": "folders", "selection": selection}
    (whole,) = make_folds(clips, ProtocolSettings(**common), seed=0)
    (fold,) = make_folds(clips, ProtocolSettings(**common, train_subjects=5), seed=0)
    assert len(subjects(clips, fold.train)) == 5
    assert len(fold.train) == 15
    assert set(fold.train) < set(whole.train)
    np.testing.assert_array_equal(fold.selection, whole.selection)
    np.testing.assert_array_equal(fold.test, whole.test)
    turned = clips[::-1].reset_index(drop=True)
    (again,) = make_folds(turned, ProtocolSettings(**common, train_subjects=5), seed=0)
    assert subjects(turned, again.train) == subjects(clips, fold.train)
    (other,) = make_folds(clips, ProtocolSettings(**common, train_subjects=5), seed=1)
    assert subjects(clips, other.train) != subjects(clips, fold.train)


def test_more_training_subjects_than_there_are_are_refused():
    clips = make_clips(OFFICIAL)
    (fold,) = make_folds(clips, ProtocolSettings(train_subjects=33), seed=0)
    assert len(subjects(clips, fold.train)) == 33
    with pytest.raises(UserError, match=r"train_subjects 34(.|\n)*33 training subjects"):
        make_folds(clips, ProtocolSettings(train_subjects=34), seed=0)


@pytest.mark.parametrize("values", [{"train_subjects": 0}, {"kind": "random_frames", "allow_leakage": True}])
def test_training_subjects_are_drawn_only_where_subjects_are_kept_apart(values):
    with pytest.raises(ValidationError, match="train_subjects"):
        ProtocolSettings(**({"train_subjects": 3} | values))


@pytest.mark.parametrize("test_split", ["validation", "test"])
def test_the_targets_training_subjects_are_in_none_of_its_other_folders(test_split):
    clips = pd.concat([make_clips(OFFICIAL), make_clips({"": 87}, dataset="biovid")], ignore_index=True)
    clips.loc[3, "y"] = pd.NA
    settings = ProtocolSettings(kind="cross_dataset", test_dataset="ai4pain", test_split=test_split)
    target = clips.iloc[target_training(clips, settings, 0)]
    assert set(target["dataset"]) == {"ai4pain"}
    assert set(target["split"]) == {"train"}
    assert len(target) == 41 * 3


def test_the_targets_training_subjects_are_not_in_its_fixed_holdout():
    names = [*HOLDOUT_SUBJECTS[:3], "A", "B"]
    clips = pd.DataFrame({"dataset": "biovid", "subject": names, "split": "", "y": 0})
    settings = ProtocolSettings(kind="cross_dataset", test_dataset="biovid")
    assert set(clips["subject"].iloc[target_training(clips, settings, 0)]) == {"A", "B"}
