import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.protocols.protocol_clips import OFFICIAL, make_clips, make_unbc_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import LOW_REACTIVE_SUBJECTS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


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
