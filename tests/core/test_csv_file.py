import io

import numpy as np
import pandas as pd
import pytest

from transferpain.core.csv_file import as_shown, as_written, csv_text, write_csv

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1", "＝1+1", "'=1", "\n=1"]
HARMLESS = ["anna", "-", "+", "-0.5", "+3", "1e-5", "", "a=b", "'quoted'", "P-1", "Zoë", "a;b", "a; 'b'", "a;=", "a\tb"]
# Where else a spreadsheet splits a line: what begins there is a cell.
SPLIT = {"x;=1+1": "x;'=1+1", "x\t=1": "x\t'=1", "\t=1": "'\t'=1", "=1;@2; +3;4": "'=1;'@2;' +3;4", "x;'=1": "x;''=1"}


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_begins_with_a_quotation_mark_and_comes_back(cell):
    assert as_shown(cell) == "'" + cell
    assert as_written(as_shown(cell)) == cell


@pytest.mark.parametrize("cell", SPLIT)
def test_a_formula_behind_a_semicolon_or_a_tab_is_none_either_and_comes_back(cell):
    assert as_shown(cell) == SPLIT[cell]
    assert as_written(as_shown(cell)) == cell


@pytest.mark.parametrize("cell", [*HARMLESS, 1, -0.5, None, True])
def test_all_else_stands_as_it_is(cell):
    assert as_shown(cell) is cell
    assert as_written(cell) is cell


def test_a_table_is_safe_in_cells_and_headings_and_its_numbers_are_untouched(tmp_path):
    table = pd.DataFrame({"=a": FORMULAS[:3], "b": [-0.5, np.nan, 2], "c": [None, "x", "-y"]})
    write_csv(tmp_path / "t.csv", table, "%.3f")
    back = pd.read_csv(tmp_path / "t.csv")
    assert back.columns.tolist() == ["'=a", "b", "c"]
    assert back["'=a"].map(as_written).tolist() == FORMULAS[:3]
    assert back["b"].tolist()[::2] == [-0.5, 2]
    assert back["c"].tolist()[1:] == ["x", "'-y"]


def test_a_table_without_such_text_is_what_pandas_writes():
    table = pd.DataFrame({"a": ["x", "-"], "b": [1.23456789, 2], "c": pd.array([1, pd.NA], "Int64"), "d": [1.5, "x"]})
    assert csv_text(table, "%.6f") == table.to_csv(index=False, float_format="%.6f")
    assert pd.read_csv(io.StringIO(csv_text(table)))["c"].tolist()[0] == 1
