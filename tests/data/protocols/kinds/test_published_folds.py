import numpy as np
import pytest

from tests.data.protocols.protocol_clips import OFFICIAL, make_clips, make_unbc_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.datasets.unbc_facts import FOLD_LISTS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


@pytest.mark.parametrize("name", FOLD_LISTS)
def test_published_folds_test_each_subject_once(name):
    clips = make_unbc_clips()
    folds = make_folds(clips, ProtocolSettings(kind="published_folds", fold_list=name), seed=0)
    assert [fold.name for fold in folds] == ["fold0", "fold1", "fold2", "fold3", "fold4"]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(250))
    assert [subjects(clips, fold.test) for fold in folds] == [set(names) for names in FOLD_LISTS[name].folds]
    assert "not official" in FOLD_LISTS[name].whose


def test_published_folds_of_another_dataset_are_refused():
    chosen = ProtocolSettings(kind="published_folds", fold_list="unbc-5fold-mixed")
    with pytest.raises(UserError, match=r"subjects of unbc(.|\n)*Received: ai4pain"):
        make_folds(make_clips(OFFICIAL), chosen, seed=0)
