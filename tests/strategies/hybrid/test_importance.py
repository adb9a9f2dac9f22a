import numpy as np
import pytest

from transferpain.strategies.hybrid.importance import permutation_importance


def measure(features, is_pain, seed=0):
    # A classifier that looks at the second column and at nothing else.
    return permutation_importance(lambda rows: rows[:, 1], features, is_pain, {"AU4": 0, "AU12": 1}, seed)


def test_only_what_the_classifier_looks_at_matters():
    random = np.random.default_rng(0)
    is_pain = random.random(400) < 0.5
    features = np.stack([is_pain.astype(float), is_pain + random.normal(0, 0.1, 400)], axis=1)
    found = measure(features, is_pain)
    assert found["AU4"].mean == found["AU4"].deviation == 0
    # It is perfect, and guesses when its column is shuffled: the area falls from 1 to one half.
    assert found["AU12"].mean == pytest.approx(0.5, abs=0.05)
    assert found["AU12"].deviation > 0
    assert measure(features, is_pain) == found


def test_faces_that_were_not_measured_are_left_out():
    features = np.array([[0, 0.1], [0, 0.2], [0, 0.8], [0, 0.9], [np.nan, np.nan]])
    assert measure(features, np.array([0, 0, 1, 1, 0]))["AU12"].mean > 0
    with pytest.raises(ValueError, match="both answers"):
        measure(features, np.array([1, 1, 1, 1, 0]))
