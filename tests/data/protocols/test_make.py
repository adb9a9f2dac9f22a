import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.data.protocols.protocol_clips import OFFICIAL, make_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import HOLDOUT_SUBJECTS, LOW_REACTIVE_SUBJECTS
from transferpain.data.datasets.unbc_facts import FOLD_LISTS, SUBJECTS
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.subject_lists import HOLDOUTS


def test_folders_keep_the_official_split():
    clips = make_clips(OFFICIAL)
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders"), seed=0)
    assert fold.name == "test"
    assert set(clips["split"].iloc[fold.test]) == {"validation"}
    assert len(subjects(clips, fold.test)) == 12
    assert len(subjects(clips, fold.selection)) == 8
    assert len(subjects(clips, fold.train)) == 33
    assert set(clips["split"].iloc[np.concatenate([fold.train, fold.selection])]) == {"train"}
    assert fold.train.dtype == np.int64


def test_folders_can_test_on_an_unlabelled_test_set():
    clips = make_clips(OFFICIAL)
    clips.loc[clips["split"] == "test", "y"] = pd.NA
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders", test_split="test"), seed=0)
    assert set(clips["split"].iloc[fold.test]) == {"test"}
    assert len(fold.test) == 36


def test_paper_selection_is_the_test_part():
    clips = make_clips(OFFICIAL)
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders", selection="paper"), seed=0)
    assert np.array_equal(fold.selection, fold.test)
    assert len(subjects(clips, fold.train)) == 41
    folds = make_folds(clips, ProtocolSettings(kind="loso", selection="paper"), seed=0)
    assert all(np.array_equal(fold.selection, fold.test) for fold in folds)


def test_nested_selection_stops_on_the_subjects_that_inner_selection_draws():
    clips = make_clips({"": 8})
    nested = ProtocolSettings(kind="loso", selection="nested", selection_rule="one_standard_error")
    for one, other in zip(
        make_folds(clips, nested, 0), make_folds(clips, ProtocolSettings(kind="loso"), 0), strict=True
    ):
        np.testing.assert_array_equal(one.selection, other.selection)
        np.testing.assert_array_equal(one.train, other.train)
    assert nested.warnings == ()


def test_paper_selection_before_the_test_folder_is_the_validation_folder():
    clips = make_clips(OFFICIAL)
    chosen = ProtocolSettings(kind="folders", selection="paper", test_split="test")
    (fold,) = make_folds(clips, chosen, seed=0)
    assert set(clips["split"].iloc[fold.selection]) == {"validation"}
    assert set(clips["split"].iloc[fold.test]) == {"test"}


def test_holdout_is_the_creators_list():
    clips = make_clips({"": 87}, dataset="biovid")
    names = [*HOLDOUT_SUBJECTS, *(f"{number:06d}_m_30" for number in range(61))]
    clips["subject"] = np.repeat(names, 3)
    (fold,) = make_folds(clips, ProtocolSettings(kind="holdout", holdout="biovid-61-26"), seed=0)
    assert subjects(clips, fold.test) == set(HOLDOUT_SUBJECTS)
    assert len(subjects(clips, fold.train)) == 49
    assert len(subjects(clips, fold.selection)) == 12


def test_holdout_of_another_dataset_or_without_its_subjects_is_refused():
    chosen = ProtocolSettings(kind="holdout", holdout="biovid-61-26")
    with pytest.raises(UserError, match=r"subjects of biovid(.|\n)*Received: ai4pain"):
        make_folds(make_clips(OFFICIAL), chosen, seed=0)
    with pytest.raises(UserError, match="test part empty"):
        make_folds(make_clips({"": 5}, dataset="biovid"), chosen, seed=0)


def test_loso_tests_each_subject_once():
    clips = make_clips({"": 10})
    folds = make_folds(clips, ProtocolSettings(kind="loso"), seed=0)
    assert [fold.name for fold in folds] == sorted(set(clips["subject"]))
    assert all(subjects(clips, fold.test) == {fold.name} for fold in folds)
    assert len({tuple(sorted(subjects(clips, fold.selection))) for fold in folds}) > 1


def test_group_kfold_tests_each_clip_once():
    clips = make_clips({"": 13})
    folds = make_folds(clips, ProtocolSettings(kind="group_kfold", folds=4), seed=0)
    assert [fold.name for fold in folds] == ["fold0", "fold1", "fold2", "fold3"]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))
    sizes = [len(subjects(clips, fold.test)) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


@settings(deadline=None, max_examples=60)
@given(
    people=st.integers(6, 30),
    kind=st.sampled_from(["folders", "loso", "group_kfold", "stratified_group_kfold"]),
    selection=st.sampled_from(["inner", "paper"]),
    seed=st.integers(0, 5),
)
def test_subjects_never_straddle(people, kind, selection, seed):
    clips = make_clips({"train": people, "validation": 3}).sample(frac=1, random_state=seed, ignore_index=True)
    clips.loc[clips.index % 11 == 0, "y"] = pd.NA
    for fold in make_folds(clips, ProtocolSettings(kind=kind, selection=selection), seed):
        train, chosen, test = (subjects(clips, part) for part in (fold.train, fold.selection, fold.test))
        assert not train & (chosen | test)
        assert train
        assert chosen
        assert test
        if selection == "inner":
            assert not chosen & test
        assert clips["y"].iloc[np.concatenate([fold.train, fold.selection])].notna().all()
        for part in (fold.train, fold.selection, fold.test):
            assert (np.diff(part) > 0).all()


@pytest.mark.parametrize("kind", ["folders", "loso", "group_kfold", "stratified_group_kfold"])
def test_folds_depend_on_seed_and_not_on_the_order_of_clips(kind):
    clips = make_clips({"train": 20, "validation": 5})
    shuffled = clips.sample(frac=1, random_state=1, ignore_index=True)
    chosen = ProtocolSettings(kind=kind)

    def drawn(table: pd.DataFrame, seed: int) -> list[tuple]:
        return [
            tuple(frozenset(subjects(table, part)) for part in (fold.train, fold.selection, fold.test))
            for fold in make_folds(table, chosen, seed)
        ]

    assert drawn(clips, 0) == drawn(shuffled, 0)
    assert drawn(clips, 0) != drawn(clips, 1)


def test_a_subject_in_two_folders_is_refused():
    clips = make_clips({"train": 6, "validation": 2})
    clips.loc[clips["subject"] == "07", "subject"] = "01"
    for selection in ("inner", "paper"):
        with pytest.raises(UserError, match=r"two parts(.|\n)*Received: ai4pain/01"):
            make_folds(clips, ProtocolSettings(kind="folders", selection=selection), seed=0)


def test_marked_copies_of_training_images_may_stay_in_the_official_split():
    clips = make_clips({"train": 6, "validation": 2}, clips=1, dataset="ferplus")
    clips.loc[6, "subject"] = "01"
    clips["in_training"] = clips.index == 6
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders"), seed=0)
    assert fold.test.tolist() == [6, 7]
    clips["in_training"] = False
    with pytest.raises(UserError, match="two parts"):
        make_folds(clips, ProtocolSettings(kind="folders"), seed=0)


def test_empty_parts_are_refused():
    with pytest.raises(UserError, match="test part empty"):
        make_folds(make_clips({"train": 5}), ProtocolSettings(kind="folders"), seed=0)
    with pytest.raises(UserError, match="training part empty"):
        make_folds(make_clips({"validation": 5}), ProtocolSettings(kind="folders"), seed=0)
    clips = make_clips({"train": 5, "validation": 2})
    clips.loc[clips["split"] == "train", "y"] = pd.NA
    with pytest.raises(UserError, match="Training clips need a label"):
        make_folds(clips, ProtocolSettings(kind="folders"), seed=0)


def test_too_few_subjects_are_refused():
    with pytest.raises(UserError, match=r"needs 5 subjects(.|\n)*Received: 4"):
        make_folds(make_clips({"": 4}), ProtocolSettings(kind="group_kfold"), seed=0)
    with pytest.raises(UserError, match="needs 2 subjects"):
        make_folds(make_clips({"": 1}), ProtocolSettings(kind="loso"), seed=0)
    with pytest.raises(UserError, match="set some aside"):
        make_folds(make_clips({"": 2}), ProtocolSettings(kind="loso"), seed=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "random_frames"},
        {"kind": "random_frames", "allow_leakage": False},
        {"kind": "loso", "leave_out": "biovid-67"},
        {"kind": "loso", "allow_leakage": True},
        {"kind": "published_folds"},
        {"kind": "published_folds", "fold_list": "unbc-5fold"},
        {"kind": "loso", "fold_list": "unbc-5fold-mixed"},
        {"kind": "holdout"},
        {"kind": "holdout", "holdout": "biovid-60-27"},
        {"kind": "loso", "holdout": "biovid-61-26"},
        {"kind": "group_kfold", "folds": 1},
        {"kind": "loso", "selection_share": 0},
        {"kind": "loso", "selection_share": 1},
        {"kind": "folders", "test_split": "train"},
        {"kind": "loso", "selection": "test"},
        {"kind": "loso", "shuffle": True},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        ProtocolSettings(**wrong)


def test_settings_survive_being_written_out():
    for chosen in (ProtocolSettings(), ProtocolSettings(kind="holdout", holdout="biovid-61-26")):
        assert ProtocolSettings(**chosen.model_dump()) == chosen


def test_a_fold_is_frozen():
    fold = Fold("test", np.array([0]), np.array([1]), np.array([2]))
    with pytest.raises(AttributeError):
        fold.name = "other"


def make_unbc_clips() -> pd.DataFrame:
    """All 25 subjects; pain in four of ten rows, but none in 101-mg101."""
    clips = make_clips({"": 25}, clips=10, dataset="unbc")
    clips["subject"] = np.repeat(SUBJECTS, 10)
    clips["y"] = pd.array([int(row % 10 < 4) for row in range(250)], dtype="Int64")
    clips.loc[clips["subject"] == "101-mg101", "y"] = 0
    return clips


def test_holdouts_of_unbc_and_mintpain():
    clips = make_unbc_clips()
    (fold,) = make_folds(clips, ProtocolSettings(kind="holdout", holdout="unbc-20-5"), seed=0)
    tested = subjects(clips, fold.test)
    assert tested == {"115-jy115", "120-kz120", "121-vw121", "123-jh123", "124-dn124"}
    assert len(subjects(clips, fold.train)) == 16
    clips = make_clips({"": 20}, dataset="mintpain")
    clips["subject"] = "Sub" + clips["subject"]
    (fold,) = make_folds(clips, ProtocolSettings(kind="holdout", holdout="mintpain-15-5"), seed=0)
    assert subjects(clips, fold.test) == {"Sub16", "Sub17", "Sub18", "Sub19", "Sub20"}


@pytest.mark.parametrize("name", FOLD_LISTS)
def test_published_folds_test_each_subject_once(name):
    clips = make_unbc_clips()
    folds = make_folds(clips, ProtocolSettings(kind="published_folds", fold_list=name), seed=0)
    assert [fold.name for fold in folds] == ["fold0", "fold1", "fold2", "fold3", "fold4"]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(250))
    assert [subjects(clips, fold.test) for fold in folds] == [set(names) for names in FOLD_LISTS[name].folds]
    assert "not official" in FOLD_LISTS[name].whose


def test_every_fifth_subject_is_the_first_published_list():
    assert FOLD_LISTS["unbc-5fold-every-fifth"].folds[0] == (SUBJECTS[0], SUBJECTS[5], SUBJECTS[10], *SUBJECTS[15:21:5])
    assert FOLD_LISTS["unbc-5fold-mixed"].folds[4] == ("049-bm049", "115-jy115", "052-dr052", "101-mg101", "080-bn080")


def test_published_folds_of_another_dataset_are_refused():
    chosen = ProtocolSettings(kind="published_folds", fold_list="unbc-5fold-mixed")
    with pytest.raises(UserError, match=r"subjects of unbc(.|\n)*Received: ai4pain"):
        make_folds(make_clips(OFFICIAL), chosen, seed=0)


def test_loso_has_a_fold_for_the_subject_without_pain():
    clips = make_unbc_clips()
    folds = {fold.name: fold for fold in make_folds(clips, ProtocolSettings(kind="loso"), seed=0)}
    assert list(folds) == list(SUBJECTS)
    assert set(clips["y"].iloc[folds["101-mg101"].test]) == {0}


def test_stratified_groups_share_out_the_classes():
    clips = make_clips({"": 20}, clips=5)
    # The classes live in different people: ten have pain in every clip, ten in none.
    clips["y"] = pd.array([int(row < 50) for row in range(100)], dtype="Int64")
    chosen = ProtocolSettings(kind="stratified_group_kfold", folds=5)
    folds = make_folds(clips, chosen, seed=0)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(100))
    assert [int(clips["y"].iloc[fold.test].sum()) for fold in folds] == [10] * 5
    assert [len(subjects(clips, fold.test)) for fold in folds] == [4] * 5


def test_stratified_groups_need_rows_enough():
    chosen = ProtocolSettings(kind="stratified_group_kfold", folds=5)
    with pytest.raises(UserError, match="4 rows of the largest class"):
        make_folds(make_clips({"": 6}, clips=1).assign(y=pd.array([0, 1, 0, 1, 0, 0], dtype="Int64")), chosen, seed=0)
    with pytest.raises(UserError, match="needs 5 subjects"):
        make_folds(make_clips({"": 4}), chosen, seed=0)


def test_a_random_split_of_rows_needs_the_flag_and_warns():
    with pytest.raises(ValidationError, match="worth nothing"):
        ProtocolSettings(kind="random_frames")
    chosen = ProtocolSettings(kind="random_frames", allow_leakage=True)
    assert len(chosen.warnings) == 1
    assert "LEAKS ON PURPOSE" in chosen.warnings[0]
    clips = make_unbc_clips()
    folds = make_folds(clips, chosen, seed=0)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(250))
    for fold in folds:
        assert len(fold.test) == 50
        assert len(fold.selection) == 40
        parts = [set(part) for part in (fold.train, fold.selection, fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 250
        assert subjects(clips, fold.train) & subjects(clips, fold.test)
    assert not np.array_equal(folds[0].test, make_folds(clips, chosen, seed=1)[0].test)


def test_protocols_that_keep_subjects_apart_warn_of_nothing():
    assert ProtocolSettings(kind="loso").warnings == ()
    assert "optimistic" in ProtocolSettings(kind="loso", selection="paper").warnings[0]


@pytest.mark.parametrize("name", [name for name in HOLDOUTS if name.startswith("unbc")])
def test_every_holdout_of_unbc_has_five_known_subjects(name):
    assert len(HOLDOUTS[name].subjects) == 5
    assert set(HOLDOUTS[name].subjects) < set(SUBJECTS)
    (said,) = ProtocolSettings(kind="holdout", holdout=name).provenance
    assert said.startswith(f"{name}: ")
    assert said.endswith("not official")


@pytest.mark.parametrize("kind", ["loso", "group_kfold", "stratified_group_kfold", "random_frames"])
def test_subjects_that_are_left_out_stand_in_no_part(kind):
    clips = make_clips({"": 30}, dataset="biovid")
    clips["subject"] = np.repeat([*LOW_REACTIVE_SUBJECTS, *(f"{number:06d}_m_30" for number in range(10))], 3)
    chosen = ProtocolSettings(kind=kind, leave_out="biovid-low-reactive", allow_leakage=kind == "random_frames")
    assert "without biovid-low-reactive: Werner" in chosen.provenance[0]
    folds = make_folds(clips, chosen, seed=0)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(60, 90))
    for fold in folds:
        assert min(np.concatenate([fold.train, fold.selection])) >= 60


def test_leaving_out_subjects_of_another_dataset_is_refused():
    with pytest.raises(UserError, match="subjects of biovid"):
        make_folds(make_unbc_clips(), ProtocolSettings(kind="loso", leave_out="biovid-low-reactive"), seed=0)
