import math

import numpy as np
import pytest

from transferpain.data.media.times import (
    duration,
    frames_until,
    is_variable,
    medium_rate,
    nearest_in_time,
    spread_in_time,
    time_windows,
)
from transferpain.inputs.features.windows import nearest_frames, spread_frames, windows

EVEN = np.arange(40) / 25
# 40 frames in 4.6 s, ever slower.
UNEVEN = np.linspace(0, 1, 40) ** 2 * 4.6


@pytest.mark.parametrize(
    ("stated", "seconds", "rate", "variable"),
    [
        (25.0, EVEN, 25.0, False),
        (25.0, EVEN.round(2), 25.0, False),  # as containers round
        (25.0, EVEN * 25 / 30, 30.0, False),  # the header is wrong
        (math.nan, EVEN, 25.0, False),
        (25.0, UNEVEN, 39 / 4.6, True),
        (25.0, EVEN[:1], 25.0, False),
    ],
)
def test_the_rate_is_stated_if_frames_follow_it_and_else_measured(stated, seconds, rate, variable):
    assert medium_rate(stated, seconds) == pytest.approx(rate)
    assert is_variable(medium_rate(stated, seconds), seconds) == variable


@pytest.mark.parametrize("seconds", [np.array([0.0, np.nan, np.nan]), np.empty(0), EVEN / 1e4])
def test_frames_without_possible_times_have_no_rate(seconds):
    assert math.isnan(medium_rate(math.nan, seconds))


def test_at_even_distances_time_says_what_counting_says():
    assert duration(EVEN) == pytest.approx(40 / 25)
    assert [frames_until(EVEN, 0, length) for length in (0.4, 0.41, 1.6, 99)] == [10, 11, 40, 40]
    assert frames_until(EVEN, 5, 0.4) == 10
    np.testing.assert_array_equal(spread_in_time(EVEN, 7, 40), spread_frames(40, 7))
    np.testing.assert_array_equal(nearest_in_time(EVEN, np.arange(16) / 10 + 1e-9), nearest_frames(40, 25, 10))
    assert time_windows(EVEN, 0.4, "cut") == windows(40, 25, 0.4, "cut")
    assert time_windows(EVEN, 0.4, "first") == windows(40, 25, 0.4, "first")
    assert time_windows(EVEN, 3.0, "cut") == [(0, 40)]


def test_windows_of_uneven_frames_last_as_long_as_they_are_asked_to():
    for start, stop in time_windows(UNEVEN, 2.0, "cut"):
        assert UNEVEN[stop] - UNEVEN[start] == pytest.approx(2.0, abs=0.25)
    assert len(time_windows(UNEVEN, 2.0, "cut")) == 2
    assert UNEVEN[frames_until(UNEVEN, 0, 2.0)] == pytest.approx(2.0, abs=0.15)


def test_frames_are_spread_over_time_and_not_over_their_numbers():
    moments = UNEVEN[spread_in_time(UNEVEN, 5, 40)]
    assert np.diff(moments) == pytest.approx(np.full(4, 4.7 / 5), abs=0.3)
    # Beyond the end the last one stands.
    assert spread_in_time(UNEVEN, 4, 80)[-1] == 39


def test_without_frames_there_is_nothing():
    assert time_windows(np.empty(0), 1.0, "cut") == []
    assert frames_until(np.empty(0), 0, 1.0) == 0
