import re

import jinja2
import pandas as pd
import pytest

from transferpain.reports.page import load_template, render, write_csv


def test_a_value_that_is_not_given_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("report.html", title="t")


def test_csv_has_six_decimals_and_empty_cells_for_missing_values(tmp_path):
    write_csv(tmp_path / "table.csv", pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, None]}))
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == "name,value\na,0.333333\nb,\n"


def test_a_long_cell_is_wrapped_so_that_what_stands_beside_it_is_seen():
    rows = pd.DataFrame([("short", "a word"), ("many words " * 8, "many more " * 8)], columns=["Family", "Counted"])
    page = load_template("macros.html").module.table(rows, "families", 2)
    cells = re.findall("<t[hd][^>]*>(?:short|a word|many)", page.partition("<tbody>")[2])
    assert ['class="long"' in cell for cell in cells] == [False, False, True, True]
