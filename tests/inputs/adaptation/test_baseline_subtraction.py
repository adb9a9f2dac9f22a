import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.adaptation.baseline_subtraction import subtract_baseline

FEATURES = np.array([[1.0, 2.0], [3.0, 4.0], [9.0, 9.0], [10.0, 0.0], [12.0, 1.0]])
SUBJECTS = np.array(["a", "a", "a", "b", "b"])


def test_the_mean_of_the_subjects_own_baseline_is_taken_off():
    features = subtract_baseline(FEATURES, SUBJECTS, np.array([1, 1, 0, 1, 0]))
    np.testing.assert_array_equal(features, [[-1, -1], [1, 1], [7, 6], [0, 0], [2, 1]])


def test_frames_without_a_face_stay_missing_and_count_nowhere():
    features = FEATURES.copy()
    features[0] = np.nan
    subtracted = subtract_baseline(features, SUBJECTS, np.array([1, 1, 0, 1, 0]))
    np.testing.assert_array_equal(subtracted, [[np.nan, np.nan], [0, 0], [6, 5], [0, 0], [2, 1]])


def test_subjects_without_a_baseline_are_named():
    with pytest.raises(UserError, match=r"Received: b\n"):
        subtract_baseline(FEATURES, SUBJECTS, np.array([1, 0, 0, 0, 0]))
