import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.data.protocols.protocol_clips import CLIPS, make_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.protocols.kinds.grouped import PLACE, draw_places
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings

GROUPED = ProtocolSettings(kind="grouped", folds=4)


def placed(clips: pd.DataFrame) -> pd.DataFrame:
    place = draw_places(clips["subject"].to_numpy(dtype=str), "unbc", 0)
    return clips.assign(**{PLACE: clips["subject"].map(place)})


def test_each_subject_is_tested_once_in_groups_of_nearly_one_size():
    clips = make_clips({"": 13})
    folds = make_folds(clips, GROUPED, seed=0)
    assert [fold.name for fold in folds] == ["fold0", "fold1", "fold2", "fold3"]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))
    assert sorted(len(subjects(clips, fold.test)) for fold in folds) == [3, 3, 3, 4]


def test_one_fold_alone_is_the_same_as_among_the_others():
    clips = CLIPS["unbc"]
    for number, fold in enumerate(make_folds(clips, GROUPED, seed=0)):
        (alone,) = make_folds(clips, GROUPED.model_copy(update={"fold": number}), seed=0)
        assert alone.name == fold.name
        for one, other in zip(alone.parts.values(), fold.parts.values(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_task_that_knows_fewer_subjects_moves_nobody_to_another_group():
    whole = placed(CLIPS["unbc"])
    few = whole[~whole["subject"].isin(sorted(set(whole["subject"]))[:5])].reset_index(drop=True)
    tested = [[subjects(table, fold.test) for fold in make_folds(table, GROUPED, seed=0)] for table in (whole, few)]
    for all_of_them, those_left in zip(*tested, strict=True):
        assert those_left == all_of_them & set(few["subject"])


def test_groups_of_two_datasets_are_drawn_apart():
    names = np.array([f"{number:02d}" for number in range(20)])
    assert draw_places(names, "a", 0) != draw_places(names, "b", 0)
    assert draw_places(names, "a", 0) == draw_places(names[::-1], "a", 0)


def test_fewer_subjects_than_groups_are_refused():
    with pytest.raises(UserError, match="too few subjects for the protocol grouped"):
        make_folds(make_clips({"": 3}), GROUPED, seed=0)


@pytest.mark.parametrize("values", [{"kind": "grouped", "folds": 4, "fold": 4}, {"kind": "group_kfold", "fold": 0}])
def test_a_fold_that_there_is_not_is_refused(values):
    with pytest.raises(ValidationError, match="fold: goes with kind: grouped or grouped_cross_dataset, and is below"):
        ProtocolSettings(**values)


def test_settings_that_name_no_fold_are_written_as_before_it_was_known():
    assert "fold" not in ProtocolSettings().model_dump(mode="json")
    assert GROUPED.model_copy(update={"fold": 0}).model_dump(mode="json")["fold"] == 0
