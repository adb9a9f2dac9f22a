import numpy as np

from tests.data.protocols.protocol_clips import make_clips, subjects
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


def test_group_kfold_tests_each_clip_once():
    clips = make_clips({"": 13})
    folds = make_folds(clips, ProtocolSettings(kind="group_kfold", folds=4), seed=0)
    assert [fold.name for fold in folds] == ["fold0", "fold1", "fold2", "fold3"]
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))
    sizes = [len(subjects(clips, fold.test)) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
