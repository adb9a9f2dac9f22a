import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.adaptation.subject_standardization import standardize_subjects

SUBJECTS = np.array(["a", "b"] * 30)


def drawn() -> np.ndarray:
    """Rows whose mean and spread depend on the subject."""
    features = np.random.default_rng(0).normal(size=(60, 4))
    return np.where(SUBJECTS[:, None] == "a", 5 * features + 3, features - 7)


def test_each_subject_has_mean_0_and_deviation_1():
    features = standardize_subjects(drawn(), SUBJECTS)
    for subject in "ab":
        np.testing.assert_allclose(features[subject == SUBJECTS].mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(features[subject == SUBJECTS].std(axis=0), 1)


def test_with_reference_rows_the_others_do_not_change_each_other():
    reference = np.arange(60) < 20
    features = drawn()
    before = standardize_subjects(features, SUBJECTS, reference)
    features[40:] += 100
    after = standardize_subjects(features, SUBJECTS, reference)
    np.testing.assert_array_equal(before[:40], after[:40])
    own = drawn()[reference & (SUBJECTS == "b")]
    np.testing.assert_allclose(before[1], (drawn()[1] - own.mean(axis=0)) / own.std(axis=0))


def test_frames_without_a_face_stay_missing_and_count_nowhere():
    features = drawn()
    gaps = np.insert(features, 3, np.nan, axis=0)
    standardized = standardize_subjects(gaps, np.insert(SUBJECTS, 3, "b"))
    assert np.isnan(standardized[3]).all()
    np.testing.assert_array_equal(np.delete(standardized, 3, axis=0), standardize_subjects(features, SUBJECTS))


def test_a_feature_that_never_varies_becomes_0_and_not_noise():
    features = drawn()
    features[:, 2] = 0.1
    assert np.abs(standardize_subjects(features, SUBJECTS)[:, 2]).max() < 1e-9


@pytest.mark.parametrize("reference", [np.arange(60) < 2, np.zeros(60, bool)])
def test_a_subject_with_less_than_two_rows_is_refused(reference):
    with pytest.raises(UserError, match="subject a cannot be standardised"):
        standardize_subjects(drawn(), SUBJECTS, reference)
