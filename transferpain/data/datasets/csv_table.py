"""Tables of comma separated values that a user wrote: text cells, and errors that name the line."""

import csv
import difflib
import io
import re
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import plain
from transferpain.core.text_file import read_text

SHOWN_LINES = 5
ALIKE = 0.88
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


def read_table(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table as text without outer blanks; its index are the numbers of its lines.

    Args:
        path: a UTF-8 file whose first line names the columns.
        required: columns that must be there.
        optional: further columns whose names mean something.

    Raises:
        UserError: if the file cannot be read, a column is missing, named twice or called almost as a known one, a line
            has another number of cells than the first, or there is no line. Empty columns without a name, at the end,
            are none.
    """
    try:
        reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True, skipinitialspace=True)
        header = [cell.strip() for cell in next(reader, [])]
        lines = {}
        for row in reader:
            lines[reader.line_num] = [cell.strip() for cell in row]
    except (OSError, csv.Error) as error:
        raise table_error(path, "It is no table of comma separated values in UTF-8", error) from error
    if separator := _separator(header):
        raise table_error(
            path, f"Its cells are separated by {separator}, not by commas: save it as CSV with commas", header[0]
        )
    for column, known in miscalled(header, required + optional).items():
        raise table_error(path, f"The column of that meaning is called {known}", column)
    missing = [column for column in required if column not in header]
    if missing:
        raise table_error(path, f"It has no column {' and no column '.join(missing)}", ",".join(header) or "no columns")
    lines = {number: row for number, row in lines.items() if any(row)}
    # Spreadsheets save columns that were emptied.
    while header[-1] == "" and not any(any(row[len(header) - 1 :]) for row in lines.values()):
        header = header[:-1]
    lines = {number: row if any(row[len(header) :]) else row[: len(header)] for number, row in lines.items()}
    if "" in header:
        rule = "Every column has a name (pandas writes its own first column without one: save with index=False)"
        raise table_error(path, rule, f"column {header.index('') + 1} of {','.join(header)}")
    if len(set(header)) < len(header):
        raise table_error(path, "Its columns need names that differ", ",".join(header))
    uneven = [number for number, row in lines.items() if len(row) != len(header)]
    if uneven:
        raise table_error(path, f"Its lines need {len(header)} cells each, as the first", f"line {uneven[0]}")
    if not lines:
        raise table_error(path, "It has no line below the names of its columns", ",".join(header))
    return pd.DataFrame.from_dict(lines, orient="index", columns=header, dtype="str")


def miscalled(header: list[str], known: tuple[str, ...]) -> dict[str, str]:
    """Return the columns that are called almost as a known one, which would be passed over: column -> known one.

    Another spelling of a known name counts always; what is merely alike only where the known one is not there.
    """
    found = {}
    for column in header:
        if column in known or not column:
            continue
        for name in known:
            if plain(column) == plain(name) or (name not in header and _alike(plain(column), name)):
                found[column] = name
    return found


def _alike(column: str, name: str) -> bool:
    return difflib.SequenceMatcher(None, column, name).ratio() >= ALIKE or (
        len(name) > 3 and sorted(column) == sorted(name)
    )


def _separator(header: list[str]) -> str:
    """Return what separates the cells of a first line rather than commas, in words; "" where commas do."""
    line = ",".join(header)
    return next((name for mark, name in SEPARATORS.items() if line.count(mark) > line.count(",")), "")


def check_rows(path: Path, shown: pd.Series, wrong: pd.Series, rule: str) -> None:
    """Refuse a table if any line is wrong; the error shows those lines' cells of the column `shown`."""
    if wrong.any():
        cells = [f"line {line}: {cell!r}" for line, cell in shown[wrong].head(SHOWN_LINES).items()]
        rest = int(wrong.sum()) - len(cells)
        raise table_error(path, rule, ", ".join(cells) + (f" and {rest} more" if rest else ""))


def numbers(path: Path, column: pd.Series, whole: bool = False) -> pd.Series:
    """Return a column as Float64, or as Int64 if `whole`; empty cells are missing.

    Raises:
        UserError: for a cell that is no such number from 0 on.
    """
    form = WHOLE_NUMBER if whole else NUMBER
    wrong = column.map(lambda cell: bool(cell) and form.fullmatch(cell) is None)
    kind = "whole number from 0 on" if whole else "number from 0 on, with a decimal point"
    kind += " and nine digits at most in front of it" if not whole else " of nine digits at most"
    check_rows(path, column, wrong, f"In the column {column.name}, a cell is no {kind}")
    values = pd.array([pd.NA if cell == "" else float(cell) for cell in column], dtype="Float64")
    return pd.Series(values.astype("Int64") if whole else values, index=column.index, name=column.name)


def table_error(path: Path, what: str, received: object) -> UserError:
    """Return the error for a table that cannot be used."""
    return UserError(
        f"{path} cannot be used.",
        rule=f"{what}.",
        received=received,
        todo="Correct the file; docs/datasets.md has more.",
    )
