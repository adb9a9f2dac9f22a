import numpy as np
import pandas as pd
import pytest

from transferpain.data.protocols.fold import Fold, keep_used


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
