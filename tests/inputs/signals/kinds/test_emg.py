import numpy as np
import pytest

from transferpain.inputs.signals.kinds.emg import EMG, envelope

RATE, SECONDS = 512.0, np.arange(5120) / 512


def measured(x, rate=RATE):
    return dict(zip(EMG.measures, EMG.measure(x, rate), strict=True))


@pytest.mark.parametrize(("hertz", "low"), [(50, True), (120, False)])
def test_measures_of_a_sine_by_hand(hertz, low):
    own = measured(3 * np.sin(2 * np.pi * hertz * SECONDS))
    assert own["root mean square"] == pytest.approx(3 / np.sqrt(2), rel=0.01)
    assert own["mean magnitude"] == pytest.approx(3 * 2 / np.pi, rel=0.01)
    assert own["zero crossings (1/s)"] == pytest.approx(2 * hertz, rel=0.01)
    inside, outside = ("power from 20 to 80 Hz", "power from 80 to 250 Hz")[:: 1 if low else -1]
    assert own[inside] == pytest.approx(9 / 2, rel=0.02)
    assert own[outside] < 0.01


def test_the_length_of_a_wave_is_four_times_its_height_a_period():
    own = measured(np.sin(2 * np.pi * 64 * SECONDS))
    assert own["waveform length (1/s)"] == pytest.approx(4 * 64, rel=0.02)


def test_what_is_slower_than_a_muscle_is_none():
    own = measured(100 + 10 * np.sin(2 * np.pi * 0.5 * SECONDS))
    assert own["root mean square"] < 0.02


def test_the_envelope_follows_a_burst():
    burst = np.where((SECONDS > 4) & (SECONDS < 6), 1.0, 0.0)
    course = envelope(burst * np.random.default_rng(0).standard_normal(len(SECONDS)), RATE)
    assert course[(SECONDS > 4.5) & (SECONDS < 5.5)].mean() > 20 * np.abs(course[SECONDS < 3]).mean()
