"""Beats and heart rate against NeuroKit2 0.2.13 (ecg_clean, ecg_peaks, hrv_time), which ran once on `drawn_heart`."""

import numpy as np
import pytest

from tests.inputs.signals.drawn import RATE, drawn_heart
from transferpain.inputs.signals.kinds.ecg import ECG, MEASURES, beats

FIRST, LAST, NUMBER = [665, 1092, 1526, 1958, 2376], [29350, 29746, 30159], 73
BY_NEUROKIT = {"mean": 800.07595, "SDNN": 35.63486, "RMSSD": 24.20881, "shortest": 750.0, "longest": 851.5625}
# Of 5.5 s from these seconds on.
OF_CLIPS = {
    4: [328, 729, 1116, 1501, 1894, 2304, 2731],
    20: [296, 680, 1075, 1485, 1912, 2348, 2778],
    40: [328, 727, 1113, 1498, 1893, 2305, 2733],
}


def test_beats_are_those_of_neurokit_to_a_sample():
    found = beats(drawn_heart()[0], RATE)
    assert len(found) == NUMBER
    np.testing.assert_allclose(found[:5], FIRST, atol=1)
    np.testing.assert_allclose(found[-3:], LAST, atol=1)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("start", OF_CLIPS)
def test_beats_of_a_clip_are_those_of_neurokit_to_a_sample(start, sign):
    clip = drawn_heart()[0][start * RATE : start * RATE + 2816]
    np.testing.assert_allclose(beats(sign * clip, RATE), OF_CLIPS[start], atol=1)


def test_beats_are_where_they_were_drawn():
    signal, drawn = drawn_heart()
    np.testing.assert_allclose(beats(signal, RATE) / RATE, drawn, atol=1.5 / RATE)


def test_measures_are_those_of_neurokit():
    rate, sdnn, rmssd, shortest, longest = ECG.measure(drawn_heart()[0], RATE)
    assert rate == pytest.approx(60_000 / BY_NEUROKIT["mean"], rel=1e-4)
    # A sample is 2 ms: where beats are found a sample apart, distances differ by that.
    assert sdnn == pytest.approx(BY_NEUROKIT["SDNN"], abs=0.2)
    assert rmssd == pytest.approx(BY_NEUROKIT["RMSSD"], abs=0.2)
    assert shortest == pytest.approx(BY_NEUROKIT["shortest"], abs=2)
    assert longest == pytest.approx(BY_NEUROKIT["longest"], abs=2)


def test_measures_by_hand():
    x = np.zeros(6 * 512)
    x[[256, 768, 1254, 1766]] = 1.0  # 1000, 949.2 and 1000 ms apart
    distances = np.array([1000, 486 / 0.512, 1000])
    expected = [60_000 / distances.mean(), distances.std(ddof=1), 1000 - distances[1], distances[1], 1000]
    np.testing.assert_allclose(ECG.measure(x, 512.0), expected, rtol=1e-9)


@pytest.mark.parametrize("places", [[], [500], [500, 1000]], ids=["none", "one", "two"])
def test_fewer_than_three_beats_are_no_heart(places):
    x = np.zeros(2816)
    x[places] = 1.0
    assert np.isnan(ECG.measure(x, 512.0)).tolist() == [True] * len(MEASURES)


def test_beats_that_are_too_far_apart_are_none_of_a_heart():
    x = np.zeros(10 * 512)
    x[[100, 1500, 2900, 4300]] = 1.0  # 22 a minute
    assert np.isnan(ECG.measure(x, 512.0)).all()
