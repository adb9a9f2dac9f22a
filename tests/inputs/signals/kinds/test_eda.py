"""Responses and level against NeuroKit2 0.2.13 (eda_clean, eda_phasic by `highpass`, eda_peaks), which ran once on
`drawn_skin`.
"""

import numpy as np
import pytest

from tests.inputs.signals.drawn import RATE, drawn_skin
from transferpain.inputs.signals.kinds.eda import EDA, conductance, level_and_responses, responses

TOPS = [3650, 8784, 14454, 20547, 26198]
HEIGHTS = [0.13819961, 0.35570549, 0.07892253, 0.28170292, 0.21726871]
LEVEL, HIGHEST, MAGNITUDE = 5.366124578, 0.235161809, 0.053179270


def test_responses_are_those_of_neurokit():
    level, fast = level_and_responses(conductance(drawn_skin(), RATE), RATE)
    tops, heights = responses(fast)
    np.testing.assert_allclose(tops, TOPS, atol=1)
    # The foot of the smallest is nearer to its top there: the lowest between the tops lies a little deeper.
    np.testing.assert_allclose(np.delete(heights, 2), np.delete(HEIGHTS, 2), atol=1e-4)
    assert HEIGHTS[2] <= heights[2] < HEIGHTS[2] + 0.02
    assert level.mean() == pytest.approx(LEVEL, rel=1e-6)
    assert fast.max() == pytest.approx(HIGHEST, rel=1e-6)
    assert np.abs(fast).mean() == pytest.approx(MAGNITUDE, rel=1e-6)


def test_measures_of_a_straight_line():
    seconds = np.arange(2816) / 512
    measured = dict(zip(EDA.measures, EDA.measure(4 + 0.2 * seconds, 512.0), strict=True))
    assert measured["conductance, slope (uS/s)"] == pytest.approx(0.2, rel=1e-2)
    assert measured["conductance, highest minus lowest (uS)"] == pytest.approx(0.2 * 5.5, rel=0.03)
    assert measured["conductance, last fifth minus first fifth (uS)"] == pytest.approx(0.2 * 4.4, rel=0.03)
    assert measured["responses of 0.05 uS or more (1/s)"] == 0
    assert measured["responses of 0.05 uS or more, sum of their heights (uS)"] == 0


def test_what_is_faster_than_conductance_is_no_response():
    seconds = np.arange(2816) / 512
    hum = 0.5 * np.sin(2 * np.pi * 50 * seconds)
    inside = slice(200, -200)
    np.testing.assert_allclose(conductance(4 + hum, 512.0)[inside], 4, atol=1e-3)
