"""Reads a paper's table of precision and recall from a CSV file."""

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.text_file import read_text

COLUMNS = ("class", "precision", "recall")
NUMBER = re.compile(r"[0-9]{0,3}(\.[0-9]{1,6})?")
EXAMPLE = "class,precision,recall"


@dataclass(frozen=True)
class PublishedTable:
    """A printed table.

    Attributes:
        classes: names of the classes.
        precision: of each class, as fractions of one.
        recall: of each class, as fractions of one.
        digits: decimals of the printed fractions (two more than those of percentages).
        percent: whether the values were printed as percentages.
    """

    classes: tuple[str, ...]
    precision: tuple[Decimal, ...]
    recall: tuple[Decimal, ...]
    digits: int
    percent: bool


def read_published_table(path: Path) -> PublishedTable:
    """Read a table with the columns `class`, `precision` and `recall`, one line per class; other columns are ignored.

    If any value is above 1, all are percentages. The value with the most decimals says to how many all were rounded.

    Raises:
        UserError: if the file cannot be read, a column is missing, a line is incomplete, a class is named twice or not
            at all, or a value lies outside 0..100.
    """
    rows = _read_rows(path)
    names = [row["class"] for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _table_error(path, "Each class has one line", f"{', '.join(twice)} more than once")
    cells = [
        (number, row["class"], column, row[column]) for number, row in enumerate(rows, 1) for column in COLUMNS[1:]
    ]
    for number, name, column, cell in cells:
        if not _is_number(cell) or Decimal(cell) > 100:
            raise _table_error(
                path,
                "Precision and recall are numbers from 0 to 1, or all of them percentages from 0 to 100",
                f"{cell!r} as the {column} of class {name!r} (class {number})",
            )
    percent = any(Decimal(cell) > 1 for *_, cell in cells)
    fractions = [printed_fraction(cell, percent) for *_, cell in cells]
    values = [value for value, _ in fractions]
    return PublishedTable(
        tuple(names), tuple(values[::2]), tuple(values[1::2]), max(digits for _, digits in fractions), percent
    )


def printed_fraction(text: str, percent: bool) -> tuple[Decimal, int]:
    """Return a printed value as a fraction of one, and the decimals that it is printed with.

    Args:
        text: the number.
        percent: whether it is a percentage.

    Raises:
        UserError: if it is no number from 0 to 1, or to 100 for a percentage.
    """
    highest = 100 if percent else 1
    if not _is_number(text) or Decimal(text) > highest:
        raise UserError(
            "The value cannot be compared with the table.",
            rule=f"It must be a number from 0 to {highest}, on the scale of the table.",
            received=text,
        )
    shift = 2 if percent else 0
    return Decimal(text).scaleb(-shift), len(text.partition(".")[2]) + shift


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        file = io.StringIO(read_text(path), newline="")
        lines = [[cell.strip() for cell in line] for line in csv.reader(file, strict=True) if any(line)]
    except UserError:
        raise
    except Exception as error:  # as `foreign.border` says of readers
        raise _table_error(path, "It must be a table of comma separated values in UTF-8", error) from error
    header, *body = lines or [[]]
    missing = [column for column in COLUMNS if header.count(column) != 1]
    if missing:
        raise _table_error(
            path, f"It needs one column {' and one column '.join(missing)}", ",".join(header) or "nothing"
        )
    if not body:
        raise _table_error(path, "It needs a line for each class below the names of its columns", "no class")
    for line in body:
        if len(line) != len(header) or not line[header.index("class")]:
            raise _table_error(path, f"Each line needs {len(header)} cells and the name of a class", ",".join(line))
    return [dict(zip(header, line, strict=True)) for line in body]


def _is_number(cell: str) -> bool:
    return bool(cell) and cell != "." and NUMBER.fullmatch(cell) is not None


def _table_error(path: Path, rule: str, received: object) -> UserError:
    return UserError(
        f"{path} is no table of precision and recall.",
        rule=f"{rule}.",
        received=received,
        todo=f"Correct the file; its first line is {EXAMPLE}, and docs/hosseini-table-2.csv is an example.",
    )
