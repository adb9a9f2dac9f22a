from pathlib import Path

import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.csv_table import SHOWN_LINES, check_rows, miscalled, numbers, read_table

PATH = Path("clinic/index.csv")


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_cells_are_text_without_outer_blanks_and_the_index_are_the_lines(write):
    table = read_table(write(" a , b\n 007 ,\n\n,\n\"x, y\",'NA'\n"), ("a",), ("b", "c"))
    assert table.columns.tolist() == ["a", "b"]
    assert table.index.tolist() == [2, 5]
    assert table["a"].tolist() == ["007", "x, y"]
    assert table["b"].tolist() == ["", "'NA'"]


@pytest.mark.parametrize("content", ["\ufeffa,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n1,2", 'a,"b"\n"1","2"\n'])
def test_one_table_may_be_written_in_several_ways(write, content):
    assert read_table(write(content), ("a", "b")).to_dict("records") == [{"a": "1", "b": "2"}]


def test_a_cell_may_hold_lines_and_the_number_is_that_of_its_last_one(write):
    assert read_table(write('a,b\n"1\n1",2\n3,4\n'), ("a",)).index.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"no column a and no column b(.|\n)*no columns"),
        (b"a\n1\n", r"no column b(.|\n)*Received: a"),
        (b"a;b\n1;2\n", "separated by semicolons"),
        (b"a\tb\n1\t2\n", "separated by tabs"),
        (b"a|b\n1|2\n", "separated by bars"),
        (b"a,B\n1,2\n", r"is called b(.|\n)*Received: B"),
        (b"a,b,b\n1,2,3\n", "names that differ"),
        (b"a,b,\n1,2,3\n", "column 3 of a,b"),
        (b"a,b\n1\n", "2 cells each(.|\n)*line 2"),
        (b"a,b\n1,2,3\n", "2 cells each(.|\n)*line 2"),
        (b"a,b\n", "no line below"),
        (b"a,b\n,\n", "no line below"),
        (b"a,b\n\xff,2\n", "UTF-8"),
        (b'a,b\n"1,2\n', "comma separated"),
        (b'a,b\n"1"x,2\n', "comma separated"),
    ],
)
def test_what_is_no_such_table_is_refused(write, content, told):
    with pytest.raises(UserError, match=told) as refused:
        read_table(write(content), ("a", "b"))
    assert "table.csv cannot be used" in str(refused.value)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(UserError, match="cannot be used"):
            read_table(path, ("a",))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["subject", "label"], {}),
        (["Subject", "label"], {"Subject": "subject"}),
        (["subject", "Subject"], {"Subject": "subject"}),
        (["subjects"], {"subjects": "subject"}),
        (["subject", "subjects"], {}),  # merely alike, and the known one is there
        (["lable"], {"lable": "label"}),
        (["sub ject"], {"sub ject": "subject"}),
        (["", "site", "page"], {}),
    ],
)
def test_what_is_called_almost_as_a_known_column_is_found(header, found):
    assert miscalled(header, ("subject", "label", "age")) == found


def test_wrong_lines_are_shown_up_to_a_number():
    shown = pd.Series([f"cell {line}" for line in range(2, 10)], index=range(2, 10))
    check_rows(PATH, shown, shown == "none", "Never")
    with pytest.raises(UserError, match=r"A rule\.\nReceived: line 3: 'cell 3'\n"):
        check_rows(PATH, shown, shown == "cell 3", "A rule")
    with pytest.raises(UserError, match=rf"line {SHOWN_LINES + 1}: 'cell {SHOWN_LINES + 1}' and 3 more"):
        check_rows(PATH, shown, shown != "none", "A rule")


def test_numbers_have_a_point_and_empty_cells_are_missing():
    column = pd.Series(["1", "", "0.5", "007"], index=[2, 3, 4, 5], name="fps")
    read = numbers(PATH, column)
    assert read.tolist() == [1, pd.NA, 0.5, 7]
    assert (str(read.dtype), read.index.tolist(), read.name) == ("Float64", [2, 3, 4, 5], "fps")
    whole = numbers(PATH, column[column != "0.5"], whole=True)
    assert (whole.tolist(), str(whole.dtype)) == ([1, pd.NA, 7], "Int64")
    assert numbers(PATH, column[:0]).empty


@pytest.mark.parametrize("cell", ["-1", "1,5", "1e3", "nan", "inf", "+1", ".5", "5.", "1 000", "٣", "9" * 10, "x"])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(UserError, match=r"In the column fps, a cell is no number from 0 on(.|\n)*line 3"):
        numbers(PATH, pd.Series(["1", cell], index=[2, 3], name="fps"))
    with pytest.raises(UserError, match="no whole number from 0 on"):
        numbers(PATH, pd.Series(["1", cell], index=[2, 3], name="start"), whole=True)


def test_a_part_of_a_number_is_no_whole_one():
    with pytest.raises(UserError, match=r"no whole number(.|\n)*'1\.5'"):
        numbers(PATH, pd.Series(["1.5"], name="start"), whole=True)
