"""What every kind of signal keeps to."""

import numpy as np
import pytest

from transferpain.inputs.signals.kinds.registry import SIGNAL_KINDS

SAMPLES = 2816


@pytest.fixture(params=SIGNAL_KINDS)
def kind(request):
    return SIGNAL_KINDS[request.param]


def beating(rate):
    """Return a signal with something for every kind: a beat a second, noise, and a level."""
    seconds = np.arange(SAMPLES) / rate
    pulses = np.exp(-0.5 * (((seconds + 0.5) % 1 - 0.5) / 0.02) ** 2)
    return 5 + pulses + 0.01 * np.random.default_rng(0).standard_normal(SAMPLES)


def test_measures_are_as_many_as_their_names_and_numbers(kind):
    measured = kind.measure(beating(512.0), 512.0)
    assert measured.shape == (len(kind.measures),)
    assert len(set(kind.measures)) == len(kind.measures)
    assert np.isfinite(measured).all()


def test_a_course_is_as_long_as_its_signal(kind):
    course = kind.course(beating(512.0), 512.0)
    assert course.shape == (SAMPLES,)
    assert np.isfinite(course).all()


def test_the_same_signal_gives_the_same_bits_and_is_left_as_it_is(kind):
    x = beating(512.0)
    kept = x.copy()
    first, second = kind.measure(x, 512.0), kind.measure(x, 512.0)
    assert first.tobytes() == second.tobytes()
    kind.course(x, 512.0)
    np.testing.assert_array_equal(x, kept)


def test_it_is_measured_at_the_lowest_rate_that_it_states(kind):
    assert kind.measure(beating(kind.least_rate), kind.least_rate).shape == (len(kind.measures),)


@pytest.mark.parametrize("samples", [1, 2, 40])
def test_what_hardly_is_a_signal_is_measured_or_missing_and_no_error(kind, samples):
    for x in (np.zeros(samples), np.ones(samples), np.arange(samples, dtype=float)):
        measured = kind.measure(x, 512.0)
        assert np.isfinite(measured).all() or np.isnan(measured).all()
