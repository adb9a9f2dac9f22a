import numpy as np
import pytest

from tests.networks.domain.drawn import two_domains, value
from transferpain.networks.domain.deep_coral import DEEP_CORAL

PAPER = 0.1444552235780314  # of the papers' formula on the stated draws
ANOTHER = 1.1291515018077547  # of a public library's loss of the same name


def test_the_known_value_on_the_stated_draws():
    assert value(DEEP_CORAL, *two_domains()) == pytest.approx(PAPER, rel=1e-5)


def test_another_implementation_also_compares_means_and_divides_otherwise():
    source, target = two_domains()
    covariances = 4 * PAPER  # its mean of squares lacks the 1/4
    means = np.square(source.mean(axis=0) - target.mean(axis=0)).mean()
    assert means + covariances == pytest.approx(ANOTHER, rel=1e-9)
    assert value(DEEP_CORAL, *two_domains()) != pytest.approx(ANOTHER, rel=0.1)


def test_means_do_not_count():
    source, target = two_domains()
    assert value(DEEP_CORAL, source, target + 100) == pytest.approx(PAPER, rel=1e-3)


def test_one_feature_by_hand():
    # Variances 2 and 8: (2 - 8)^2 / 4.
    assert value(DEEP_CORAL, np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])) == pytest.approx(9.0)


def test_one_picture_has_no_covariance():
    source, target = two_domains()
    assert value(DEEP_CORAL, source[:1], target) == 0
