"""Tables for people, as CSV that a spreadsheet shows and never runs: text of users is no formula."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.store import write_text

# What spreadsheets run, or split a cell at; they show what follows a quotation mark as it is, and not the mark.
FORMULA = re.compile(r"'*\s*[=+\-@|%＝＋－＠\t\r\n].")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)


def csv_text(table: pd.DataFrame, float_format: str | None = None) -> str:
    """Return a table as CSV, in which text that a spreadsheet would take for a formula begins with `'`."""
    safe = table.rename(columns=as_shown)
    for place in range(safe.shape[1]):
        column = safe.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column) and any(as_shown(cell) is not cell for cell in column):
            safe.isetitem(place, pd.Series([as_shown(cell) for cell in column], index=safe.index, dtype="object"))
    return safe.to_csv(index=False, float_format=float_format)


def write_csv(path: Path, table: pd.DataFrame, float_format: str | None = None) -> None:
    """Write a table atomically as `csv_text` has it."""
    write_text(path, csv_text(table, float_format))


def as_shown(cell: Any) -> Any:
    """Return a cell as it stands in the file."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell


def as_written(cell: Any) -> Any:
    """Return a cell of such a file as it was."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and as_shown(cell[1:]) == cell else cell
