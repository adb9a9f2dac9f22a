"""Coded action units as columns of a table: what is missing stays missing, and what no coder gives is refused."""

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.unit_labels import highest, read_units, units_in


def read(table: pd.DataFrame, units=(4, 43)) -> np.ndarray:
    return read_units(table, units, "own/frames.csv", lambda row: f"clip{row}")


def test_numbers_and_text_are_read_and_empty_cells_stay_missing():
    text = pd.DataFrame({"au4": pd.array(["0", "2.5", None, "5"], "string"), "au43": ["1", "0", "0", None]})
    whole = pd.DataFrame({"au4": pd.array([0, 2, None, 5], "Int64"), "au43": [1.0, 0.0, 0.0, np.nan]})
    np.testing.assert_array_equal(read(text), [[0, 1], [2.5, 0], [np.nan, 0], [5, np.nan]])
    np.testing.assert_array_equal(read(whole), [[0, 1], [2, 0], [np.nan, 0], [5, np.nan]])


def test_a_unit_without_a_column_is_coded_nowhere():
    assert np.isnan(read(pd.DataFrame({"au4": [1, 2]}), (4, 9))[:, 1]).all()


def test_columns_are_units_by_their_names_alone():
    table = pd.DataFrame(columns=["au43", "au4", "AU6", "au04", "au100", "au4_predicted", "pau7", 5])
    assert units_in(table) == (4, 43)
    assert (highest(4), highest(43)) == (5, 1)


@pytest.mark.parametrize("cell", ["6", "-1", "5.01", "inf", "1e9", "A", "nan?"])
def test_an_intensity_out_of_its_range_is_named_by_file_row_and_column(cell):
    with pytest.raises(UserError, match=r"own/frames\.csv: the column au4 holds") as error:
        read(pd.DataFrame({"au4": ["1", cell], "au43": ["0", "1"]}))
    assert f"clip1: '{cell}'" in str(error.value)
    assert "from 0 to 5" in str(error.value)


@pytest.mark.parametrize("cell", [2, 5, 0.5, -1])
def test_closed_eyes_are_there_or_not(cell):
    with pytest.raises(UserError, match=r"AU43 is there \(1\) or not \(0\)"):
        read(pd.DataFrame({"au4": [1, 1], "au43": [0, cell]}))


def test_many_wrong_cells_are_counted():
    with pytest.raises(UserError, match=r"clip2: '9', and 4 more"):
        read(pd.DataFrame({"au4": [9] * 7}), (4,))
