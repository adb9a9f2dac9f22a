import numpy as np
import pytest

from transferpain.evaluation.effect_sizes import cliffs_delta, median_difference, rank_biserial


def test_median_difference_with_the_interval_of_order_statistics():
    """Of 10 values the 2nd and the 9th enclose the median in 1 - 2 (1 + 10) / 2^10 = 97.9 % of samples."""
    effect = median_difference(np.arange(10) + 1.0, np.zeros(10))
    assert (effect.value, effect.low, effect.high, effect.number) == (5.5, 2.0, 9.0, 10)


def test_five_subjects_have_a_median_and_no_interval():
    effect = median_difference(np.arange(5.0), np.zeros(5))
    assert (effect.value, effect.low, effect.high) == (2.0, None, None)
    assert "93.8%" in effect.reason  # 1 - 2 / 2^5


def test_rank_biserial():
    """Differences 4, 3, 2, -1 have the ranks 4, 3, 2, 1: (9 - 1) / 10."""
    effect = rank_biserial(np.array([4, 3, 2, -1, 0.1 + 0.2]), np.array([0, 0, 0, 0, 0.3]))
    assert (effect.value, effect.number) == (pytest.approx(0.8), 4)
    assert rank_biserial(np.zeros(4), np.arange(4) + 1.0).value == -1


def test_cliffs_delta():
    """Of nine pairs one is larger, two are equal and six are smaller."""
    assert cliffs_delta(np.array([1, 2, 3]), np.array([2, 3, 4])).value == pytest.approx(-5 / 9)
    assert cliffs_delta(np.array([5.0]), np.array([1.0, 2.0])).value == 1


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (median_difference(np.array([]), np.array([])), "no subject"),
        (rank_biserial(np.ones(3), np.ones(3)), "No subject differs"),
        (cliffs_delta(np.ones(3), np.array([])), "has no subject"),
    ],
)
def test_nothing_is_made_of_nothing(effect, reason):
    assert effect.value is None
    assert reason in effect.reason


@pytest.mark.parametrize("measure", [median_difference, rank_biserial, cliffs_delta])
def test_scores_must_be_finite(measure):
    with pytest.raises(ValueError, match="Received"):
        measure(np.array([1, np.nan]), np.array([1.0, 2.0]))
