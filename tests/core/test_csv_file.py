import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferpain.core.csv_file import as_shown, as_written, csv_text, read_csv, write_csv

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1", "＝1+1", "'=1", "\n=1"]
HARMLESS = ["anna", "-", "+", "-0.5", "+3", "1e-5", "", "a=b", "'quoted'", "P-1", "Zoë", "a;b", "a; 'b'", "a;=", "a\tb"]
# Where else a spreadsheet splits a line: what begins there is a cell.
SPLIT = {"x;=1+1": "x;'=1+1", "x\t=1": "x\t'=1", "\t=1": "'\t'=1", "=1;@2; +3;4": "'=1;'@2;' +3;4", "x;'=1": "x;''=1"}
# What writes a table for people by itself, and what is none: hashes of tables, and a twin in a dataset's own layout.
WRITERS = re.compile(r"\.to_(csv|excel|html|markdown)\b|\bcsv\.(writer|DictWriter)\b|\bsavetxt\b")
NOT_FOR_PEOPLE = {
    "core/csv_file.py": 1,
    "apps/live/outputs.py": 1,  # as_shown, frame by frame
    "data/datasets/ferplus.py": 1,
    "data/datasets/index.py": 2,
    "data/synthetic/ferplus.py": 1,
    "data/synthetic/signals.py": 1,  # as its owners ship it
    "experiments/notebook/clips.py": 1,  # pandas escapes markup
    "reports/predictions.py": 1,
}


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


def test_text_comes_back_as_it_was_whatever_it_looks_like(tmp_path):
    names = ["007", "NA", "1e5", "", "=1+1", "'a", "true"]
    write_csv(tmp_path / "t.csv", pd.DataFrame({"name": names, "value": [0.1, np.nan, 1 / 3, 4, 5, 6, 7]}))
    back = read_csv(tmp_path / "t.csv", ("name", "not there"))
    assert back["name"].tolist() == names
    assert back["value"].tolist()[::2] == [0.1, 1 / 3, 5, 7]
    assert np.isnan(back["value"][1])


def test_no_module_writes_a_table_for_people_by_itself():
    package = Path(__file__).parents[2] / "transferpain"
    found = {
        path.relative_to(package).as_posix(): len(WRITERS.findall(path.read_text(encoding="utf-8")))
        for path in package.rglob("*.py")
    }
    assert {name: count for name, count in found.items() if count} == NOT_FOR_PEOPLE
