"""Differences over several sets: Student's interval by hand, and what cannot be judged."""

import math

import pytest

from transferpain.evaluation.confirmation import HOLDS, NOT_SHOWN, OPPOSITE, confirm

T_95_OF_FOUR = 2.7764451052  # a table's, 4 degrees of freedom, two-sided


def test_the_interval_is_that_of_the_mean_over_sets():
    values = [0.02, 0.06, 0.04, 0.10, 0.08]
    found = confirm({"a over b": values})["a over b"]
    half = T_95_OF_FOUR * math.sqrt(0.001) / math.sqrt(5)  # the sample variance of these is .001
    assert (found.mean, found.low, found.high) == pytest.approx((0.06, 0.06 - half, 0.06 + half))
    assert found.values == tuple(values)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([0.1, 0.11, 0.12], HOLDS), ([-0.1, -0.11, -0.12], OPPOSITE), ([0.1, -0.1, 0.05], NOT_SHOWN)],
)
def test_the_verdict_follows_the_interval(values, verdict):
    assert confirm({"it": values})["it"].verdict == verdict


def test_p_values_are_corrected_over_all_that_are_asked_together():
    asked = {"one": [0.1, 0.11, 0.12], "two": [0.1, -0.1, 0.05]}
    found = confirm(asked)
    assert found["one"].adjusted_p == pytest.approx(2 * found["one"].p)
    assert found["two"].adjusted_p == pytest.approx(found["two"].p)
    # Student's t of .11 with standard error .01 / sqrt 3 on two degrees of freedom: 1 - t / sqrt(2 + t^2), two-sided.
    t = 0.11 / (0.01 / math.sqrt(3))
    assert found["one"].p == pytest.approx(1 - t / math.sqrt(2 + t**2))


@pytest.mark.parametrize("values", [[0.1, 0.1, 0.1], [0.0, 0.0, 0.0], [0.1, math.nan, 0.2]])
def test_a_difference_that_never_moves_or_is_missing_proves_nothing(values):
    found = confirm({"it": values, "other": [0.1, 0.11, 0.12]})
    assert math.isnan(found["it"].low)
    assert (found["it"].p, found["it"].adjusted_p, found["it"].verdict) == (None, None, NOT_SHOWN)


def test_two_sets_are_too_few():
    with pytest.raises(ValueError, match="needs 3 sets, received 2"):
        confirm({"it": [0.1, 0.2]})
