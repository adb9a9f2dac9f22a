import numpy as np
import pytest

from tests.strategies.clip_network.recorded import levels, write_clip
from transferpain.strategies.clip_network.windows import read_windows


def test_frames_are_spread_over_the_first_stretch_in_tests_and_over_each_whole_one_in_training(tmp_path):
    row = write_clip(tmp_path, list(range(29)), 29, 8)
    (first,) = read_windows(row, 4, 0, "first")
    assert first.frames.tolist() == [1, 3, 5, 7]
    assert levels(first) == [1, 3, 5, 7]
    cut = read_windows(row, 4, 0, "cut")
    assert [window.frames.tolist() for window in cut] == [[1, 3, 5, 7], [9, 11, 13, 15], [17, 19, 21, 23]]
    assert [levels(window) for window in cut] == [window.frames.tolist() for window in cut]


@pytest.mark.parametrize("part", ["first", "cut"])
def test_a_longer_clip_gives_a_first_window_of_the_same_frames(tmp_path, part):
    windows = []
    for frames in (10, 31):
        (tmp_path / str(frames)).mkdir()
        windows.append(read_windows(write_clip(tmp_path / str(frames), list(range(frames)), frames, 10), 3, 0, part)[0])
    assert windows[0].frames.tolist() == windows[1].frames.tolist()


def test_frames_before_the_first_are_left_out(tmp_path):
    row = write_clip(tmp_path, list(range(20)), 20, 8)
    cut = read_windows(row, 2, 5, "cut")
    assert [window.frames.tolist() for window in cut] == [[7, 11]]  # a second stretch of 8 does not fit


def test_frames_at_uneven_distances_are_chosen_by_their_times(tmp_path):
    seconds = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 1.3, 1.7, 1.9, 2.0, 2.1, 2.5, 2.9]
    row = write_clip(tmp_path, list(range(14)), 14, 8, seconds)
    row["stretch_seconds"] = 1.0
    windows = read_windows(row, 4, 0, "cut")
    # The first second holds the frames up to .9, which last until 1.3; the next begins there.
    assert [seconds[frame] for frame in windows[0].frames] == [0.1, 0.4, 0.5, 0.9]
    assert [seconds[frame] for frame in windows[1].frames] == [1.3, 1.3, 1.7, 1.9]


def test_the_last_face_stands_for_a_frame_without_one_and_the_first_before_it(tmp_path):
    row = write_clip(tmp_path, [2, 3, 6], 8, 8)
    (window,) = read_windows(row, 8, 0, "first")
    assert levels(window) == [2, 2, 2, 3, 3, 3, 6, 6]
    assert window.found.tolist() == [False, False, True, True, False, False, True, False]
    assert window.coverage == pytest.approx(3 / 8)


def test_no_face_of_another_stretch_stands_in(tmp_path):
    row = write_clip(tmp_path, [5, 6], 12, 4)
    first, second, third = read_windows(row, 4, 0, "cut")
    assert first.jpegs == third.jpegs == ()
    assert (first.coverage, second.coverage) == (0, 0.5)
    assert levels(second) == [5, 5, 6, 6]


def test_where_the_stretch_goes_beyond_the_end_the_last_frame_stands(tmp_path):
    row = write_clip(tmp_path, list(range(7)), 7, 8)
    (window,) = read_windows(row, 8, 0, "cut")
    assert window.frames.tolist() == [0, 1, 2, 3, 4, 5, 6, 6]


def test_more_frames_than_there_are_are_repeated(tmp_path):
    row = write_clip(tmp_path, [0, 1, 2], 3, 3)
    assert read_windows(row, 6, 0, "first")[0].frames.tolist() == [0, 0, 1, 1, 2, 2]


def test_pictures_without_a_rate_are_spread_over_the_stretch_by_their_number(tmp_path):
    row = write_clip(tmp_path, list(range(9)), 9, 4)
    row["stretch_seconds"], row["fps"] = np.nan, np.nan
    assert [window.frames.tolist() for window in read_windows(row, 2, 0, "cut")] == [[1, 3], [5, 7]]


def test_nothing_is_read_of_a_clip_that_ends_before_its_first_frame(tmp_path):
    row = write_clip(tmp_path, [0, 1], 2, 1)
    assert read_windows(row, 4, 2, "cut") == read_windows(row, 4, 3, "first") == ()


def test_a_clip_that_cannot_be_used_has_no_window(tmp_path):
    row = write_clip(tmp_path, [0, 1], 2, 2)
    row["problem"] = "unreadable"
    assert read_windows(row, 4, 0, "cut") == ()


def test_a_clip_without_any_face_has_a_window_that_shows_none(tmp_path):
    (window,) = read_windows(write_clip(tmp_path, [], 6, 6), 3, 0, "first")
    assert (window.frames.tolist(), window.jpegs) == ([1, 3, 5], ())
    assert not np.any(window.found)
