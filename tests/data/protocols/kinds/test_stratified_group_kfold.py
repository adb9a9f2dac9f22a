import numpy as np
import pandas as pd
import pytest

from tests.data.protocols.protocol_clips import make_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


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
