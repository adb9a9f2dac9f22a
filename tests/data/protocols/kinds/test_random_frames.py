import numpy as np
import pytest
from pydantic import ValidationError

from tests.data.protocols.protocol_clips import make_unbc_clips, subjects
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


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
