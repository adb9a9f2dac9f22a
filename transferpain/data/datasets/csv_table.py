"""Tables of comma separated values that a user wrote: text cells, and errors that name the line."""

import csv
import re
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError

SHOWN_LINES = 5
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


def read_table(path: Path, required: tuple[str, ...]) -> pd.DataFrame:
    """Read a table as text without outer blanks; its index are the numbers of its lines.

    Args:
        path: a UTF-8 file whose first line names the columns.
        required: columns that must be there.

    Raises:
        UserError: if the file cannot be read, a column is missing or named twice, a line has another number of cells
            than the first, or there is no line.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            lines = dict((reader.line_num, [cell.strip() for cell in row]) for row in reader)  # noqa: C402
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise table_error(path, "It is no table of comma separated values in UTF-8", error) from error
    missing = [column for column in required if column not in header]
    if missing:
        raise table_error(path, f"It has no column {' and no column '.join(missing)}", ",".join(header) or "no columns")
    if len(set(header)) < len(header) or "" in header:
        raise table_error(path, "Its columns need names that differ", ",".join(header))
    lines = {number: row for number, row in lines.items() if any(row)}
    uneven = [number for number, row in lines.items() if len(row) != len(header)]
    if uneven:
        raise table_error(path, f"Its lines need {len(header)} cells each, as the first", f"line {uneven[0]}")
    if not lines:
        raise table_error(path, "It has no line below the names of its columns", ",".join(header))
    return pd.DataFrame.from_dict(lines, orient="index", columns=header, dtype="str")


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
