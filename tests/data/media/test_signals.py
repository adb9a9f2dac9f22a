import numpy as np
import pytest

from transferpain.core.store import write_text
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.signals import read_signals

CHANNELS = ("ecg", "gsr")
ROWS = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0], [5.0, 50.0]])


def table(times=None, rows=ROWS, separator="\t", head=("gsr", "ecg")):
    """Return a table whose columns stand in another order than they are read in."""
    lines = [separator.join([*(["time"] if times is not None else []), *head])]
    for place, (ecg, gsr) in enumerate(rows):
        cells = [] if times is None else [f"{times[place]:.12g}"]
        lines.append(separator.join([*cells, *("" if np.isnan(one) else f"{one:g}" for one in (gsr, ecg))]))
    return "\n".join(lines) + "\n"


def read(root, text, rate=512.0, channels=CHANNELS):
    write_text(root / "clip_bio.csv", text)
    return read_signals(root / "clip_bio.csv", channels, rate)


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_columns_are_read_by_name_in_the_order_that_is_asked_for(separator, tmp_path):
    signals = read(tmp_path, table(separator=separator))
    np.testing.assert_array_equal(signals.values, ROWS)
    assert signals.rate is None


def test_blanks_and_a_mark_of_the_encoding_are_no_part_of_a_name(tmp_path):
    text = "\ufeff" + table(head=(" gsr", " ecg "))
    np.testing.assert_array_equal(read(tmp_path, text).values, ROWS)


@pytest.mark.parametrize(("unit", "stated"), [(1e6, 512), (1e3, 512), (1, 512), (1, 10), (1e6, 100)])
def test_times_tell_the_rate_in_whatever_unit_they_are(unit, stated, tmp_path):
    times = unit * (1250 / 1e6 + np.arange(5) / stated)
    assert read(tmp_path, table(times), stated).rate == pytest.approx(stated, rel=1e-3)


def test_times_of_biovid_are_whole_microseconds(tmp_path):
    times = 1250 + np.round(1e6 * np.arange(2816) / 512)
    rows = np.stack([np.arange(2816.0), np.ones(2816)], axis=1)
    signals = read(tmp_path, table(times, rows))
    assert signals.rate == pytest.approx(512, rel=1e-4)
    np.testing.assert_array_equal(signals.values, rows)


def test_another_rate_than_is_stated_is_seen(tmp_path):
    assert read(tmp_path, table(np.arange(5) / 256)).rate == pytest.approx(256)


def test_rows_that_the_times_leave_out_are_missing_and_nothing_moves(tmp_path):
    times = np.array([0, 1, 4, 5, 6]) / 512
    signals = read(tmp_path, table(times))
    np.testing.assert_array_equal(signals.values[[0, 1, 4, 5, 6]], ROWS)
    assert np.isnan(signals.values[2:4]).all()
    assert signals.rate == pytest.approx(512)


def test_empty_cells_are_missing_and_blanks_at_the_end_no_samples(tmp_path):
    rows = ROWS.copy()
    rows[1, 0] = rows[3, 1] = np.nan
    rows[4] = np.nan
    signals = read(tmp_path, table(rows=rows))
    np.testing.assert_array_equal(signals.values, rows[:4])


def test_a_table_that_recorded_nothing_keeps_its_length(tmp_path):
    rows = np.full((5, 2), np.nan)
    assert np.isnan(read(tmp_path, table(np.arange(5), rows), 1.0).values).sum() == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table(head=("gsr", "ekg")), "no column 'ecg'; 'ekg' is there"),
        ("a,b\n1,2\n", "no column 'ecg'; its columns are 'a', 'b'"),
        (table().replace("20", "2O"), "'2O' in the column 'gsr', line 3"),
        (table().replace("20", "inf"), "'inf' in the column 'gsr', line 3"),
        (table(np.array([0, 1, 1, 2, 3])), "do not rise from row to row, line 4"),
        (table(np.array([0, 1, 3, 2, 4])), "do not rise from row to row, line 5"),
        (table(np.array([0, 1, 2, 3, 4])).replace("3\t", "\t"), "do not rise from row to row, line 5"),
        (table(np.zeros(1), ROWS[:1]), "do not rise from row to row, line 2"),
        (table(np.array([0, 1, 2, 3, 400])), "by its times 99% of its samples are missing"),
        (table().replace("20", "9" * 400), "too large in the column 'gsr'"),
        (table().replace("20", "1e300"), "'1e\\+300' in the column 'gsr', line 3"),
        ("gsr\tecg\nTrue\t1\nFalse\t2\n", "words in the column 'gsr'"),
        ("gsr\tecg\n", "no row of numbers"),
        ("gsr\tecg\tgsr \n1\t2\t3\n", "two of its columns have one name"),
        ("gsr\tecg\n1\t2\t3\n", "no table of numbers"),
        ("", "empty"),
    ],
    ids=["spelling", "columns", "letter", "infinite", "twice", "back", "no time", "one", "jump",
         "digits", "large", "words", "rows", "names",
         "cells", "empty"],
)  # fmt: skip
def test_what_is_no_table_of_signals_is_refused(text, message, tmp_path):
    with pytest.raises(UnreadableMedium, match=message):
        read(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "clip.csv").write_bytes(b"\xff\xfe\x00g")
    with pytest.raises(UnreadableMedium, match="no table of numbers"):
        read_signals(tmp_path / "clip.csv", CHANNELS, 512.0)


def test_a_file_that_is_not_there_is_no_table(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_signals(tmp_path / "clip.csv", CHANNELS, 512.0)
