import numpy as np
import pytest
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel

from tests.networks.domain.drawn import two_domains, value
from transferpain.networks.domain.mmd import MMD, WIDTHS


def test_two_points_by_hand():
    # The one distance is the mean distance: two kernels of a point with itself, and twice one of both.
    expected = 2 - 2 * np.mean([np.exp(-1 / width) for width in WIDTHS])
    assert value(MMD, np.array([[1.0, 0.0]]), np.array([[4.0, 4.0]])) == pytest.approx(expected, rel=1e-6)


def test_it_is_the_mean_of_the_kernels_of_scikit_learn():
    source, target = two_domains()
    both = np.concatenate([source, target])
    distances = euclidean_distances(both, squared=True)
    mean = distances[~np.eye(90, dtype=bool)].mean()
    expected = 0.0
    for width in WIDTHS:
        kernel = rbf_kernel(both, gamma=1 / (width * mean))
        expected += kernel[:50, :50].mean() + kernel[50:, 50:].mean() - 2 * kernel[:50, 50:].mean()
    assert value(MMD, source, target) == pytest.approx(expected / len(WIDTHS), rel=1e-5)


def test_a_shift_that_no_covariance_sees_counts_and_more_of_it_more():
    source, _ = two_domains()
    found = [value(MMD, source, source + shift) for shift in (0.0, 0.5, 1.0, 2.0)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0, abs=1e-6)


def test_features_far_from_zero_are_told_apart_as_well():
    source, target = two_domains()
    assert value(MMD, source + 1000, target + 1000) == pytest.approx(value(MMD, source, target), rel=1e-3)
