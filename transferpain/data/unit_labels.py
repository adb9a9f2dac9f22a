"""The action units that somebody coded, as the columns `au4`, `au6`, ... of a dataset's clips or frames.

An intensity is 0 to 5 (not there, then A to E of the FACS manual); AU43, closed eyes, is there (1) or not (0). An empty
cell is a unit that nobody coded, and no 0.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import quoted

PRESENT_ONLY = frozenset({43})
STRONGEST = 5.0
COLUMN = re.compile(r"au([1-9][0-9]?)")
SHOWN = 3


def column_of(unit: int) -> str:
    """Return the name of a unit's column."""
    return f"au{unit}"


def highest(unit: int) -> float:
    """Return the highest number that a coder gives a unit: 5, or 1 where it is there or not."""
    return 1.0 if unit in PRESENT_ONLY else STRONGEST


def units_in(table: pd.DataFrame) -> tuple[int, ...]:
    """Return the units that a table has columns of, ascending."""
    return tuple(sorted(int(name[1]) for column in table if (name := COLUMN.fullmatch(str(column)))))


def read_units(table: pd.DataFrame, units: Sequence[int], where: str, name: Callable[[int], str]) -> np.ndarray:
    """Return what was coded, float64 `(rows, units)`, NaN where a unit was not coded, or has no column.

    Args:
        table: clips or frames; cells are numbers, text that is one, or empty.
        units: numbers of the action units.
        where: the file or the dataset that the table is of, for messages.
        name: from a row's place to what it is called.

    Raises:
        UserError: for a cell that is no number, out of 0 to 5, or, of AU43, neither 0 nor 1; file, row and column are
            named.
    """
    coded = np.full((len(table), len(units)), np.nan)
    for place, unit in enumerate(units):
        column = column_of(unit)
        if column not in table:
            continue
        cells = table[column]
        coded[:, place] = pd.to_numeric(cells, errors="coerce").astype("Float64").to_numpy(np.float64, na_value=np.nan)
        numbers = coded[:, place]
        wrong = cells.notna().to_numpy() & ~((numbers >= 0) & (numbers <= STRONGEST))
        if unit in PRESENT_ONLY:
            wrong |= cells.notna().to_numpy() & ~np.isin(numbers, (0, 1))
        if wrong.any():
            raise _out_of_range(unit, where, [(name(row), cells.iloc[row]) for row in np.flatnonzero(wrong)])
    return coded


def _out_of_range(unit: int, where: str, wrong: list[tuple[str, object]]) -> UserError:
    shown = ", ".join(f"{row}: {quoted(str(cell))}" for row, cell in wrong[:SHOWN])
    more = f", and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    present = unit in PRESENT_ONLY
    return UserError(
        f"{where}: the column {column_of(unit)} holds what no coder gives AU{unit}.",
        rule=f"AU{unit} is there (1) or not (0)." if present else "An intensity is a number from 0 to 5.",
        received=shown + more,
        todo="Correct these cells, or leave them empty: an empty cell is a unit that nobody coded.",
    )
