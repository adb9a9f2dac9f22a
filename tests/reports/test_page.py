import jinja2
import pandas as pd
import pytest

from transferpain.reports.page import render, write_csv


def test_a_value_that_is_not_given_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("report.html", title="t")


def test_csv_has_six_decimals_and_empty_cells_for_missing_values(tmp_path):
    write_csv(tmp_path / "table.csv", pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, None]}))
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == "name,value\na,0.333333\nb,\n"
