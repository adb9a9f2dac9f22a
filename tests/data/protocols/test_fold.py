import numpy as np
import pandas as pd
import pytest

from transferpain.data.protocols.fold import Fold, keep_used, learn_from_each_other


def test_a_fold_is_frozen():
    fold = Fold("test", np.array([0]), np.array([1]), np.array([2]))
    with pytest.raises(AttributeError):
        fold.name = "other"


def test_what_an_adaptation_sees_is_used():
    clips = pd.DataFrame({"clip": list("abcdefg")})
    fold = Fold("test", np.array([0]), np.array([2]), np.array([4]), np.array([5, 6]))
    used, (moved,) = keep_used(clips, [fold])
    assert list(used["clip"]) == ["a", "c", "e", "f", "g"]
    assert [list(part) for part in moved.parts.values()] == [[0], [1], [2], [3, 4]]


def test_folds_learn_from_each_other_where_one_trains_or_selects_on_what_another_tests():
    def fold(train, selection, test):
        return Fold("", *(np.array(part, np.int64) for part in (train, selection, test)))

    assert learn_from_each_other([fold([0, 1], [], [2, 3]), fold([2, 3], [], [0, 1])])
    assert learn_from_each_other([fold([4], [2], [1]), fold([4], [], [2])])
    # Of another dataset, whose own subjects are tested group by group.
    assert not learn_from_each_other([fold([0, 1], [], [2]), fold([0, 1], [], [3])])
    assert not learn_from_each_other([fold([0, 1], [2], [3])])
