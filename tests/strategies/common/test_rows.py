"""Rows: what is dropped and repeated, and that nothing outside the training rows has a part in it."""

import numpy as np
import pandas as pd
import pytest

from transferpain.strategies.common.rows import keep_rows, oversample
from transferpain.strategies.common.settings import RowSettings

HOSSEINI = RowSettings(drop_painless_sequences=True, keep_painless=0.2, oversample_from=2, augment="oversampled")
SEED = (0, "fold0")


def frames(**sequences: list[int | None]) -> pd.DataFrame:
    rows = [(name, label) for name, labels in sequences.items() for label in labels]
    table = pd.DataFrame(rows, columns=["file_clip", "y"])
    return table.astype({"y": "Int64"})


UNITS = frames(calm=[0] * 10, mild=[0] * 20 + [1] * 5, strong=[0] * 30 + [3] * 2)


def test_painless_sequences_go_and_a_fifth_of_the_other_painless_frames_stays():
    kept = keep_rows(UNITS, np.arange(len(UNITS)), HOSSEINI, SEED)
    table = UNITS.iloc[kept]
    assert "calm" not in set(table["file_clip"])
    assert table["y"].value_counts().to_dict() == {0: 10, 1: 5, 3: 2}
    assert (np.diff(kept) > 0).all()


def test_without_settings_every_row_stays():
    positions = np.array([3, 1, 40])
    assert keep_rows(UNITS, positions, RowSettings(), SEED) is positions


def test_each_part_works_alone():
    everything = np.arange(len(UNITS))
    assert len(keep_rows(UNITS, everything, RowSettings(drop_painless_sequences=True), SEED)) == 57
    assert len(keep_rows(UNITS, everything, RowSettings(keep_painless=0.5), SEED)) == 30 + 7


def test_only_the_given_rows_count():
    train = np.arange(10, 35)  # calm and strong are not among them
    before = keep_rows(UNITS, train, HOSSEINI, SEED)
    assert set(before) <= set(train)
    changed = UNITS.copy()
    changed.loc[~changed.index.isin(train), "y"] = 6
    np.testing.assert_array_equal(before, keep_rows(changed, train, HOSSEINI, SEED))


def test_a_sequence_counts_as_painful_by_its_given_rows_only():
    assert len(keep_rows(UNITS, np.arange(35, 60), HOSSEINI, SEED)) == 0  # strong without its two painful frames


def test_the_draw_hangs_on_the_seed():
    everything = np.arange(len(UNITS))
    first, again, other = (keep_rows(UNITS, everything, HOSSEINI, seed) for seed in (SEED, SEED, (1, "fold0")))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_unlabelled_rows_are_dropped():
    assert len(keep_rows(frames(one=[None, 1, None]), np.arange(3), HOSSEINI, SEED)) == 1


def test_rare_classes_reach_the_size_of_the_class_before_them():
    y = np.repeat([0, 1, 2, 3, 5], [50, 12, 5, 20, 1])
    chosen = oversample(y, 2, SEED)
    assert np.bincount(y[chosen]).tolist() == [50, 12, 12, 20, 0, 12]
    assert (np.bincount(chosen)[y == 0] == 1).all()
    repeats = np.bincount(chosen)[y == 2]
    assert repeats.min() == 2
    assert repeats.max() == 3
    np.testing.assert_array_equal(chosen[: len(y)], np.arange(len(y)))


def test_without_the_class_before_nothing_is_repeated():
    y = np.array([0, 0, 2, 3])
    np.testing.assert_array_equal(oversample(y, 2, SEED), np.arange(4))


@pytest.mark.parametrize("values", [{"keep_painless": 0}, {"keep_painless": 1.5}, {"oversample_from": 0}, {"drop": 1}])
def test_impossible_settings_are_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        RowSettings(**values)
