import numpy as np
import pytest

from transferpain.inputs.adaptation.subject_standardization import standardize


def drawn() -> list[np.ndarray]:
    """Three clips of one subject."""
    features = 5 * np.random.default_rng(0).normal(size=(60, 4)) + 3
    return np.array_split(features, 3)


def test_the_subject_has_mean_0_and_deviation_1():
    features = np.concatenate([standardize(drawn())(clip) for clip in drawn()])
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(features.std(axis=0), 1)


def test_another_clip_is_treated_by_the_statistics_of_those_that_were_fitted_on():
    *fitted, other = drawn()
    rows = np.concatenate(fitted)
    np.testing.assert_allclose(standardize(fitted)(other), (other - rows.mean(axis=0)) / rows.std(axis=0))


def test_frames_without_a_face_stay_missing_and_count_nowhere():
    gap, (first, *rest) = np.full((1, 4), np.nan), drawn()
    change = standardize([np.vstack([gap, first]), *rest])
    assert np.isnan(change(gap)).all()
    np.testing.assert_array_equal(change(first), standardize(drawn())(first))


def test_a_feature_that_never_varies_becomes_0_and_not_noise():
    clips = drawn()
    for clip in clips:
        clip[:, 2] = 0.1
    assert np.abs(standardize(clips)(clips[0])[:, 2]).max() < 1e-9


@pytest.mark.parametrize("clips", [[], [np.ones((1, 4))], [np.full((5, 4), np.nan), np.ones((1, 4))]])
def test_of_less_than_two_faces_nothing_can_be_said(clips):
    assert standardize(clips) is None
