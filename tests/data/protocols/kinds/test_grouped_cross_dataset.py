import numpy as np
import pandas as pd
import pytest

from tests.data.protocols.protocol_clips import CLIPS, subjects
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import HOLDOUT_SUBJECTS
from transferpain.data.protocols.kinds.grouped_cross_dataset import target_training
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


def crossed(trained: str, tested: str, **changes):
    clips = pd.concat([CLIPS[trained], CLIPS[tested]], ignore_index=True)
    settings = ProtocolSettings(kind="grouped_cross_dataset", test_dataset=tested, **changes)
    (fold,) = make_folds(clips, settings, seed=0)
    return clips, settings, fold


def test_all_subjects_of_a_dataset_without_an_official_split_are_tested():
    clips, _, fold = crossed("unbc", "mintpain")
    assert subjects(clips, fold.test) == set(CLIPS["mintpain"]["subject"])
    assert set(clips["dataset"].iloc[fold.test]) == {"mintpain"}


@pytest.mark.parametrize(("trained", "tested"), [("own", "clinic"), ("clinic", "own")])
def test_one_index_is_trained_on_here_and_tested_on_there_without_a_split(trained, tested):
    unsplit = CLIPS["own"].assign(split="")
    own = {"own": unsplit, "clinic": unsplit.assign(dataset="clinic", subject=unsplit["subject"] + "c")}
    clips = pd.concat([own[trained], own[tested]], ignore_index=True)
    settings = ProtocolSettings(kind="grouped_cross_dataset", test_dataset=tested)
    (fold,) = make_folds(clips, settings, seed=0)
    assert subjects(clips, fold.test) == set(own[tested]["subject"])
    assert subjects(clips, [*fold.train, *fold.selection]) < set(own[trained]["subject"])


def test_it_learns_from_the_subjects_that_the_first_grouped_fold_learns_from():
    clips, _, fold = crossed("unbc", "mintpain")
    (first,) = make_folds(CLIPS["unbc"], ProtocolSettings(kind="grouped", fold=0), seed=0)
    learned = subjects(clips, np.concatenate([fold.train, fold.selection]))
    assert learned == subjects(CLIPS["unbc"], np.concatenate([first.train, first.selection]))


def test_official_splits_stay():
    clips, settings, fold = crossed("own", "biovid")
    assert subjects(clips, fold.test) == set(HOLDOUT_SUBJECTS)
    assert set(clips["split"].iloc[fold.train]) == {"train"}
    assert any("biovid-61-26" in line for line in settings.provenance)
    clips, _, fold = crossed("biovid", "own", test_split="test")
    assert set(clips["split"].iloc[fold.test]) == {"test"}
    assert not subjects(clips, fold.train) & set(HOLDOUT_SUBJECTS)


def test_what_may_be_adapted_to_is_never_tested():
    clips, settings, _ = crossed("unbc", "mintpain")
    assert len(target_training(clips, settings, 0)) == 0
    clips, settings, fold = crossed("unbc", "mintpain", fold=2)
    others = target_training(clips, settings, 0)
    assert set(clips["dataset"].iloc[others]) == {"mintpain"}
    assert subjects(clips, others) == set(CLIPS["mintpain"]["subject"]) - subjects(clips, fold.test)
    clips, settings, _ = crossed("own", "biovid")
    assert not subjects(clips, target_training(clips, settings, 0)) & set(HOLDOUT_SUBJECTS)


def test_an_official_split_is_not_tested_on_in_groups():
    with pytest.raises(UserError, match="biovid has an official split"):
        crossed("unbc", "biovid", fold=1)
