import numpy as np
import pytest

from transferpain.inputs.signals.filters import bridged, filtered, for_rate

SECONDS = np.arange(5120) / 512
INSIDE = slice(1024, -1024)


def sine(hertz):
    return np.sin(2 * np.pi * hertz * SECONDS)


@pytest.mark.parametrize(("edges", "kind"), [(10.0, "lowpass"), (60.0, "highpass"), ((1.0, 10.0), "bandpass")])
def test_a_band_is_kept_where_it_stands_and_the_others_go(edges, kind):
    kept, gone = (100, 3) if kind == "highpass" else (3, 100)
    found = filtered(sine(kept) + sine(gone), 512.0, edges, kind, order=4)
    np.testing.assert_allclose(found[INSIDE], sine(kept)[INSIDE], atol=0.02)


def test_a_filter_beyond_half_the_rate_lets_all_through():
    np.testing.assert_array_equal(filtered(sine(100), 512.0, 300.0, "lowpass"), sine(100))


def test_what_is_too_fast_for_the_rows_does_not_come_back_as_something_slow():
    """At 32 rows a second 33 Hz would look like 1 Hz."""
    rows = for_rate(sine(33), 512.0, 32.0)[::16]
    assert np.abs(rows[32:-32]).max() < 0.01
    assert np.abs(sine(33)[::16]).max() > 0.9
    np.testing.assert_array_equal(for_rate(sine(33), 512.0, 512.0), sine(33))


def test_gaps_are_bridged_by_lines_and_long_ones_are_missing():
    x = np.array([np.nan, 1, np.nan, 3, np.nan, np.nan, np.nan, 7, np.nan])
    filled, missing = bridged(x, 1)
    np.testing.assert_array_equal(filled, [1, 1, 2, 3, 4, 5, 6, 7, 7])
    assert missing.tolist() == [False] * 4 + [True] * 3 + [False] * 2
    assert bridged(x, 0)[1].tolist() == np.isnan(x).tolist()


def test_where_nothing_was_recorded_all_is_missing():
    filled, missing = bridged(np.full(4, np.nan), 100)
    assert (filled == 0).all()
    assert missing.all()
