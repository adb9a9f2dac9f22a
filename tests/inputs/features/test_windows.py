from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from transferpain.inputs.features.windows import (
    fill_missing,
    nearest_frames,
    spread_frames,
    stretch_frames,
    window_length,
    windows,
)

RATES = st.floats(min_value=1, max_value=240)
FEATURES = arrays.arrays(
    np.float16,
    st.tuples(st.integers(1, 30), st.integers(1, 4)),
    elements=st.floats(-100, 100, width=16),
)


def with_missing(features: np.ndarray, missing: np.ndarray) -> np.ndarray:
    return np.where(missing[:, None], np.float16(np.nan), features)


def test_a_minute_is_cut_into_six_windows_of_ten_seconds():
    assert windows(1800, 30, 10, "cut") == [(start, start + 300) for start in range(0, 1800, 300)]


def test_a_shorter_rest_is_left_out():
    assert windows(1799, 30, 10, "cut") == [(start, start + 300) for start in range(0, 1500, 300)]


def test_first_takes_the_first_window():
    assert windows(1800, 30, 10, "first") == [(0, 300)]


@pytest.mark.parametrize("mode", ["cut", "first"])
def test_a_short_clip_is_one_short_window(mode):
    assert windows(120, 30, 10, mode) == [(0, 120)]


@pytest.mark.parametrize("mode", ["cut", "first"])
def test_a_clip_without_frames_has_no_window(mode):
    assert windows(0, 30, 10, mode) == []


@pytest.mark.parametrize(("fps", "seconds"), [(0, 10), (-1, 10), (float("nan"), 10), (30, 0), (30, -2)])
def test_windows_refuse_impossible_rates(fps, seconds):
    with pytest.raises(ValueError, match="must be positive"):
        windows(100, fps, seconds, "cut")


def test_a_window_has_one_frame_however_short_it_is():
    assert [window_length(1, seconds) for seconds in (0.3, 0.5, 1, 2.4)] == [1, 1, 1, 2]
    assert windows(10, 1, 0.3, "first") == [(0, 1)]


def test_windows_refuse_an_unknown_mode():
    with pytest.raises(ValueError, match="'cut' or 'first'"):
        windows(100, 30, 1, "last")


@given(st.integers(1, 5000), RATES, st.floats(0.05, 20), st.sampled_from(["cut", "first"]))
def test_windows_are_equally_long_ordered_and_inside(num_frames, fps, seconds, mode):
    cut = windows(num_frames, fps, seconds, mode)
    assert cut[0][0] == 0
    assert len({stop - start for start, stop in cut}) == 1
    assert all(stop == start for (_, stop), (start, _) in pairwise(cut))
    length = cut[0][1] - cut[0][0]
    assert 0 < length <= num_frames
    assert cut[-1][1] <= num_frames
    if mode == "cut":
        assert num_frames - cut[-1][1] < length


def test_nearest_frames_at_the_same_rate_are_all_frames():
    assert nearest_frames(138, 25, 25).tolist() == list(range(138))


def test_nearest_frames_at_half_the_rate_are_every_second():
    assert nearest_frames(7, 30, 15).tolist() == [0, 2, 4, 6]


def test_nearest_frames_from_25_to_30():
    assert nearest_frames(5, 25, 30).tolist() == [0, 1, 2, 3, 3, 4]


@given(st.integers(1, 2000), RATES, RATES)
def test_nearest_frames_are_near_in_time(num_frames, fps, target_fps):
    frames = nearest_frames(num_frames, fps, target_fps)
    assert len(frames) == max(1, round(num_frames * target_fps / fps))
    assert (np.diff(frames) >= 0).all()
    times = np.arange(len(frames)) / target_fps
    inside = times <= (num_frames - 1) / fps
    assert (np.abs(frames / fps - times)[inside] <= 0.5 / fps + 1e-9).all()
    assert frames.max() < num_frames


def test_nearest_frames_of_nothing_are_none():
    assert nearest_frames(0, 25, 30).shape == (0,)


@pytest.mark.parametrize(("fps", "target"), [(0, 30), (25, 0), (float("nan"), 30)])
def test_nearest_frames_refuse_impossible_rates(fps, target):
    with pytest.raises(ValueError, match="must be positive"):
        nearest_frames(10, fps, target)


def test_spread_over_as_many_frames_takes_each_and_otherwise_doubles_or_halves():
    assert spread_frames(6, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert spread_frames(4, 8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert spread_frames(4, 2).tolist() == [1, 3]


@given(st.integers(1, 400), st.integers(1, 400))
def test_spread_keeps_order_and_reaches_both_ends(num_rows, length):
    taken = spread_frames(num_rows, length)
    assert len(taken) == length
    assert (np.diff(taken) >= 0).all()
    # Upside down in time is upside down in rows, so neither end is favoured by more than one row.
    assert abs(taken[0] - (num_rows - 1 - taken[-1])) <= 1
    if length >= num_rows:
        assert set(taken) == set(range(num_rows))


@given(st.integers(1, 400), st.integers(1, 60), st.integers(0, 400))
def test_a_stretch_is_read_alike_however_long_the_clip_is(stretch, length, longer):
    taken = stretch_frames(stretch + longer, stretch, length)
    assert taken.tolist() == stretch_frames(stretch, stretch, length).tolist()
    assert taken.max() < stretch


def test_where_a_stretch_goes_beyond_the_clip_its_last_frame_stands():
    assert stretch_frames(9, 10, 5).tolist() == [1, 3, 5, 7, 8]


@pytest.mark.parametrize(("rows", "length"), [(0, 5), (5, 0)])
def test_spread_refuses_nothing(rows, length):
    with pytest.raises(ValueError, match="positive length"):
        spread_frames(rows, length)


def test_a_stretch_of_a_clip_without_frames_is_refused():
    with pytest.raises(ValueError, match="Needs frames"):
        stretch_frames(0, 4, 4)


def test_hold_last_repeats_the_row_before_and_the_first_for_a_late_start():
    features = np.array([[np.nan], [1], [np.nan], [np.nan], [4]], np.float16)
    filled, mask = fill_missing(features, "hold_last")
    assert filled[:, 0].tolist() == [1, 1, 1, 1, 4]
    assert mask.all()


def test_mask_puts_zeros_and_says_where():
    features = np.array([[np.nan], [1], [np.nan], [4]], np.float16)
    filled, mask = fill_missing(features, "mask")
    assert filled[:, 0].tolist() == [0, 1, 0, 4]
    assert mask.tolist() == [False, True, False, True]


@pytest.mark.parametrize("how", ["hold_last", "mask"])
def test_a_clip_without_a_face_is_zeros_that_may_not_be_used(how):
    filled, mask = fill_missing(np.full((3, 2), np.nan, np.float16), how)
    assert not filled.any()
    assert not mask.any()


def test_fill_missing_refuses_an_unknown_rule():
    with pytest.raises(ValueError, match="'hold_last' or 'mask'"):
        fill_missing(np.zeros((2, 2)), "interpolate")


@given(FEATURES, st.data(), st.sampled_from(["hold_last", "mask"]))
def test_filling_leaves_found_rows_alone_and_no_gap(features, data, how):
    missing = data.draw(arrays.arrays(bool, len(features)))
    received = with_missing(features, missing)
    before = received.copy()
    filled, mask = fill_missing(received, how)
    assert filled.dtype == features.dtype
    assert not np.isnan(filled).any()
    assert np.array_equal(filled[~missing], features[~missing])
    assert np.array_equal(received, before, equal_nan=True)
    assert mask[~missing].all()
    if how == "mask" or missing.all():
        assert np.array_equal(mask, ~missing)
