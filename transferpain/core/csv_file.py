"""Tables for people, as CSV that a spreadsheet shows and never runs: text of users is no formula."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.store import write_text

# What spreadsheets run, or split a cell at; they show what follows a quotation mark as it is, and not the mark. Where
# the comma is for decimals, they split at semicolons as well, and some at tabs.
BEGIN = r"(^|[;\t])"
FORMULA = re.compile(BEGIN + r"(?='*\s*[=+\-@|%＝＋－＠\t\r\n].)")
MARKED = re.compile(BEGIN + r"'(?='*\s*[=+\-@|%＝＋－＠\t\r\n].)")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)


def csv_text(table: pd.DataFrame, float_format: str | None = None) -> str:
    """Return a table as CSV; in its text, what a spreadsheet would take for a formula begins with `'`."""
    safe = table.rename(columns=as_shown)
    for place in range(safe.shape[1]):
        column = safe.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column) and any(as_shown(cell) is not cell for cell in column):
            safe.isetitem(place, pd.Series([as_shown(cell) for cell in column], index=safe.index, dtype="object"))
    return safe.to_csv(index=False, float_format=float_format)


def write_csv(path: Path, table: pd.DataFrame, float_format: str | None = None) -> None:
    """Write a table atomically as `csv_text` has it."""
    write_text(path, csv_text(table, float_format))


def read_csv(path: Path, text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table that `write_csv` wrote, its numbers to the last bit.

    Args:
        text: columns that hold text as it was, whatever it looks like: `007`, `NA`, `=a`.
    """
    return pd.read_csv(path, converters=dict.fromkeys(text, as_written), float_precision="round_trip")


def as_shown(cell: Any) -> Any:
    """Return a cell as it stands in the file."""
    if not isinstance(cell, str) or NUMBER.fullmatch(cell) or not FORMULA.search(cell):
        return cell
    return FORMULA.sub(r"\1'", cell)


def as_written(cell: Any) -> Any:
    """Return a cell of such a file as it was."""
    if not isinstance(cell, str) or not MARKED.search(cell):
        return cell
    plain = MARKED.sub(r"\1", cell)
    return plain if as_shown(plain) == cell else cell
