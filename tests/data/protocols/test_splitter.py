import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate

from tests.data.protocols.protocol_clips import CLIPS, OFFICIAL, make_clips
from transferpain.core.errors import UserError
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.splitter import ProtocolSplitter

LOSO = ProtocolSplitter(ProtocolSettings(kind="loso"))
GROUPS = ProtocolSplitter(ProtocolSettings(kind="group_kfold", folds=3), seed=5)


def problem(people: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    subjects = np.repeat([f"S{number}" for number in range(people)], 6)
    y = np.tile(["no", "pain"], people * 3)
    x = np.random.default_rng(0).normal(size=(len(y), 3)) + (y == "pain")[:, None]
    return x, y, subjects


@pytest.mark.parametrize("splitter", [LOSO, GROUPS, ProtocolSplitter(ProtocolSettings(kind="stratified_group_kfold"))])
def test_it_works_inside_cross_val_predict(splitter):
    x, y, subjects = problem()
    answers = cross_val_predict(LogisticRegression(), x, y, groups=subjects, cv=splitter)
    by_hand = np.empty_like(answers)
    for train, test in splitter.split(x, y, subjects):
        assert not set(subjects[train]) & set(subjects[test])
        by_hand[test] = LogisticRegression().fit(x[train], y[train]).predict(x[test])
    np.testing.assert_array_equal(answers, by_hand)
    assert (answers == y).mean() > 0.6


def test_it_works_inside_a_grid_search_and_cross_validate():
    x, y, subjects = problem()
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=GROUPS).fit(x, y, groups=subjects)
    assert search.n_splits_ == 3
    scores = cross_validate(LogisticRegression(C=search.best_params_["C"]), x, y, groups=subjects, cv=GROUPS)
    assert scores["test_score"].mean() == pytest.approx(search.best_score_)


def test_training_is_training_and_selection_of_the_protocol():
    clips = CLIPS["own"]
    folds = make_folds(clips, GROUPS.settings, GROUPS.seed)
    found = list(GROUPS.split(clips, groups=clips))
    for fold, (train, test) in zip(folds, found, strict=True):
        np.testing.assert_array_equal(train, np.sort(np.concatenate([fold.train, fold.selection])))
        np.testing.assert_array_equal(test, fold.test)
    # Class names in place of numbers, and bare subjects in place of the table, split alike.
    names = clips["y"].map({0: "a", 1: "b", 2: "c"}).astype(object)
    bare = GROUPS.split(np.zeros(len(clips)), names, clips["subject"])
    assert [part.tolist() for pair in bare for part in pair] == [part.tolist() for pair in found for part in pair]


def test_what_is_tested_is_never_trained_on_even_where_a_paper_selects_on_it():
    x, y, subjects = problem()
    splitter = ProtocolSplitter(ProtocolSettings(kind="loso", selection="paper"))
    for train, test in splitter.split(x, y, subjects):
        assert len(train) + len(test) == len(y)
        assert not set(train) & set(test)


def test_rows_without_a_label_are_tested_only():
    x, _, subjects = problem()
    y = np.tile([0.0, 1.0, np.nan], 18)
    pairs = list(GROUPS.split(x, y, subjects))
    assert not np.isnan(y[np.concatenate([train for train, _ in pairs])]).any()
    assert len(np.concatenate([test for _, test in pairs])) == len(y)


def test_it_counts_its_folds():
    x, y, subjects = problem(7)
    assert (LOSO.get_n_splits(x, y, subjects), GROUPS.get_n_splits(x, y, subjects)) == (7, 3)
    assert LOSO.get_n_splits(groups=subjects) == 7


def test_folders_and_datasets_need_the_table_of_samples():
    clips = make_clips(OFFICIAL)
    folders = ProtocolSplitter(ProtocolSettings(kind="folders"))
    ((train, test),) = folders.split(clips, groups=clips)
    assert set(clips["split"].iloc[train]) == {"train"}
    assert set(clips["split"].iloc[test]) == {"validation"}
    with pytest.raises(UserError, match=r"columns subject, split(.|\n)*without split"):
        next(folders.split(clips, groups=clips["subject"]))
    crossed = ProtocolSplitter(ProtocolSettings(kind="cross_dataset", test_dataset="unbc"))
    with pytest.raises(UserError, match="without dataset, split"):
        next(crossed.split(clips, groups=clips[["subject"]]))
    left_out = ProtocolSplitter(ProtocolSettings(kind="loso", leave_out="biovid-low-reactive"))
    with pytest.raises(UserError, match="without dataset"):
        next(left_out.split(clips, groups=clips["subject"]))


def test_wrong_groups_are_refused():
    x, y, subjects = problem()
    with pytest.raises(UserError, match="no subjects were given"):
        next(LOSO.split(x, y))
    with pytest.raises(UserError, match="54 rows, 54 labels, 53 groups"):
        next(LOSO.split(x, y, subjects[1:]))
    with pytest.raises(UserError, match="54 rows, 1 labels"):
        next(LOSO.split(x, y[:1], subjects))
    with pytest.raises(UserError, match="without subject"):
        next(LOSO.split(x, y, pd.DataFrame({"person": subjects})))


def test_classes_may_stand_in_the_table_of_samples():
    x, _, subjects = problem()
    splitter = ProtocolSplitter(ProtocolSettings(kind="stratified_group_kfold"))
    clips = pd.DataFrame({"subject": subjects, "y": np.repeat([0, 1, 2], 18)})
    assert splitter.get_n_splits(x, None, clips) == 5


def test_spellings_of_one_person_are_no_two_groups():
    x, y, subjects = problem()
    subjects = np.where((subjects == "S3") & (np.arange(len(subjects)) % 2 == 0), "s03", subjects)
    with pytest.raises(UserError, match=r"in the groups have(.|\n)*'s03' and 'S3'(.|\n)*differ by more"):
        list(LOSO.split(x, y, subjects))


@pytest.mark.parametrize("kind", ["loso", "group_kfold", "stratified_group_kfold", "grouped"])
def test_subjects_of_one_name_in_two_datasets_are_different_people(kind):
    clips = pd.concat([make_clips({"": 6}, dataset=dataset) for dataset in ("one", "another")], ignore_index=True)
    splitter = ProtocolSplitter(ProtocolSettings(kind=kind, **({} if kind == "loso" else {"folds": 4})))
    tested = [
        clips.iloc[test][["dataset", "subject"]].drop_duplicates() for _, test in splitter.split(clips, groups=clips)
    ]
    assert len(pd.concat(tested).drop_duplicates()) == sum(map(len, tested)) == 12
    if kind == "loso":
        assert [len(one) for one in tested] == [1] * 12
    alone = clips[clips["dataset"] == "one"].reset_index(drop=True)
    assert sum(len(test) for _, test in splitter.split(alone, groups=alone)) == len(alone)
