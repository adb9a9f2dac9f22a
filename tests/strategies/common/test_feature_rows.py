"""What a head sees of the clips: which windows, which frames, and how."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.strategies.frozen.frozen_clips import CLASSES, DIMENSION, experiment, write_clips
from transferpain.networks.heads.base import Rows
from transferpain.strategies.common.feature_rows import frame_rows, mean_rows, sequence, window_rows, windows_of


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    return write_clips(tmp_path)


def test_training_clips_are_cut_and_a_rest_is_left_out(clips):
    cut = windows_of(experiment(), clips.iloc[:2], "cut")
    assert list(zip(cut.sample, cut.start, cut.stop, strict=True)) == [(0, 0, 4), (0, 4, 8), (1, 0, 4), (1, 4, 8)]
    assert list(cut.y) == [0, 0, 1, 1]


@pytest.mark.parametrize("mode", ["cut", "first"])
def test_of_a_clip_without_a_rate_the_stretch_is_read(clips, mode):
    data = windows_of(experiment(features={}), clips.iloc[:1].assign(rate=np.nan, stretch_rows=7), mode)
    assert list(zip(data.start, data.stop, strict=True)) == [(0, 7)]


def test_windows_of_rows_at_uneven_distances_are_cut_by_time(clips):
    recipe = experiment(features={})
    length = recipe.window.seconds
    times = length * np.array([0, 0.1, 0.2, 0.3, 0.4, 0.9, 1.0, 1.5, 1.99, 2.0])
    one = clips.iloc[:1].assign(times=pd.Series([times], index=clips.index[:1]))
    data = windows_of(recipe, one, "cut")
    assert list(zip(data.start, data.stop, strict=True)) == [(0, 6), (6, 9)]
    assert windows_of(recipe, one, "first").stop.tolist() == [6]


def test_a_clip_can_be_one_frame_of_a_file(clips):
    frames = pd.concat([clips.iloc[:1].assign(row=row) for row in (1, 2, 9)])
    data = windows_of(experiment(), frames, "cut")
    assert list(zip(data.start, data.stop, strict=True)) == [(1, 2), (9, 10)]
    assert len(data.features) == 1


def test_features_spread_evenly_are_one_window(clips):
    whole = experiment(features={"frames": 10})
    data = windows_of(whole, clips.iloc[:1], "cut")
    assert list(zip(data.start, data.stop, strict=True)) == [(0, 10)]
    assert whole.window_frames == 10


def test_clips_without_a_face_or_features_give_no_window(clips):
    assert len(windows_of(experiment(), clips.iloc[10:], "first").sample) == 0


def test_frames_without_a_face_are_not_trained_on(clips):
    data = windows_of(experiment(), clips.iloc[:1], "first")
    rows = frame_rows(experiment(), data, np.ones(CLASSES))
    np.testing.assert_array_equal(rows.all(), np.asarray(data.features[0])[[0, 1, 3]].astype(np.float32))


def test_rows_carry_the_weight_of_their_class(clips):
    data = windows_of(experiment(), clips.iloc[:6], "cut")
    for rows_of in (frame_rows, window_rows, mean_rows):
        rows: Rows = rows_of(experiment(), data, np.array([1.0, 2.0, 3.0]))
        assert rows.weights.dtype == np.float32
        assert list(rows.weights) == list(rows.y + 1)
        assert len(rows.all()) == len(rows.y) > 6


def test_a_gap_is_held_or_masked_and_short_windows_are_padded(clips):
    features = np.asarray(windows_of(experiment(), clips.iloc[:1], "first").window(0))[:3]
    held = sequence(experiment(), features)
    masked = sequence(experiment(window={"seconds": 1, "missing": "mask"}), features)
    assert held.shape == masked.shape == (4, DIMENSION)
    np.testing.assert_array_equal(held[2], held[1])
    assert not masked[2].any()
    assert not held[3].any()


@given(
    arrays.arrays(np.float16, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(-9, 9, width=16)),
    st.data(),
    st.sampled_from(["hold_last", "mask"]),
)
def test_a_window_keeps_its_start_its_length_and_what_is_found(features, data, how):
    missing = data.draw(arrays.arrays(bool, len(features)))
    features[missing] = np.nan
    before = features.copy()
    seen = sequence(experiment(window={"seconds": 1, "missing": how}), features)
    kept = min(len(features), 4)
    assert seen.shape == (4, features.shape[1])
    assert seen.dtype == np.float32
    assert np.array_equal(features, before, equal_nan=True)
    assert np.array_equal(seen[:kept][~missing[:kept]], features[:kept][~missing[:kept]])
    assert not seen[kept:].any()
    if how == "mask" or missing.all():
        assert not seen[:kept][missing[:kept]].any()
    else:
        last = [
            max((i for i in range(frame + 1) if not missing[i]), default=int(missing.argmin())) for frame in range(kept)
        ]
        assert np.array_equal(seen[:kept], features[last])


def test_windows_are_read_whole_and_means_over_found_frames(clips):
    data = windows_of(experiment(), clips.iloc[:6], "cut")
    whole, means = (rows_of(experiment(), data, np.ones(CLASSES)) for rows_of in (window_rows, mean_rows))
    assert whole.all().shape == (12, 4, DIMENSION)
    assert means.all().shape == (12, DIMENSION)
    assert whole.all().dtype == means.all().dtype == np.float32
    np.testing.assert_array_equal(means.load(np.array([1])), whole.load(np.array([1])).mean(axis=1))
    with_a_gap = np.asarray(data.features[0])[[0, 1, 3]].astype(np.float32)
    np.testing.assert_array_equal(means.load(np.array([0]))[0], with_a_gap.mean(axis=0))
