"""One clip's signals, such as skin conductance, from a table: a row for each sample, a column for each channel.

time	gsr	ecg	...       numbers; an empty cell or NaN is a sample that was not recorded

Cells stand apart by tabs, semicolons or commas. `time` is optional, and in seconds, milliseconds or microseconds. With
it, rows that are missing are seen, and so is another rate than is stated: BioVid's tables have it.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.spelling import nearest, quoted
from transferpain.data.media.medium import UnreadableMedium, check_file

TIME = "time"
UNITS = (1.0, 1e3, 1e6)  # a second in the units that time is written in
SEPARATORS = "\t;,"
JUMP = 1.5  # a step of time this much longer than the usual one leaves samples out
LARGEST = 1e18  # its square is a number in float32 too; microseconds since 1970 lie below
MOST_MISSING = 0.5  # of the time, by its own account


@dataclass(frozen=True)
class Signals:
    """What was recorded of a clip.

    Attributes:
        values: float64 `(samples, channels)` at even distances in time, NaN where nothing was recorded.
        rate: samples a second, as the table's own times say; `None` without times.
    """

    values: np.ndarray
    rate: float | None


def read_signals(path: Path, channels: Sequence[str], rate: float) -> Signals:
    """Read the channels of a table, in their order, on an even grid of time.

    Args:
        path: the table.
        channels: names of columns.
        rate: samples a second as stated; it tells which unit times are in, and nothing else.

    Returns:
        The samples from the first to the last that any channel has; rows that the times leave out are NaN.

    Raises:
        UnreadableMedium: if it is no such table, lacks a channel, holds what is no number, or its times do not rise or
            leave out more than half.
        OSError: if it cannot be read.
    """
    table = _read_table(path)
    missing = [name for name in channels if name not in table]
    if missing:
        near = nearest(missing[0], list(table.columns))
        hint = f"; {quoted(near)} is there" if near else f"; its columns are {', '.join(map(quoted, table.columns))}"
        raise UnreadableMedium(f"no column {quoted(missing[0])}{hint}")
    values = np.stack([_numbers(table, name) for name in channels], axis=1)
    times = next((name for name in table if name.lower() == TIME and name not in channels), None)
    if times is None:
        return Signals(_recorded(values), None)
    places, step = _grid(_numbers(table, times))
    even = np.full((places[-1] + 1, len(channels)), np.nan)
    even[places] = values
    rates = np.array(UNITS) / step
    return Signals(_recorded(even), float(rates[np.abs(np.log(rates / rate)).argmin()]))


def _read_table(path: Path) -> pd.DataFrame:
    check_file(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        head = text.partition("\n")[0]
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the header, which it would drop
            table = pd.read_csv(
                io.StringIO(text),
                sep=max(SEPARATORS, key=head.count),
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except (UnicodeDecodeError, ValueError, pd.errors.ParserWarning) as error:  # pandas' own errors are ValueErrors
        raise UnreadableMedium(f"it is no table of numbers: {str(error).splitlines()[0]}") from None
    table = table.rename(columns=lambda name: str(name).strip())
    if table.empty or table.columns.duplicated().any():
        raise UnreadableMedium("it has no row of numbers" if table.empty else "two of its columns have one name")
    return table


def _numbers(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as float64, NaN where a cell is empty."""
    column = table[name]
    if column.dtype == bool:
        raise UnreadableMedium(f"words in the column {quoted(name)}, line 2")
    try:
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    except OverflowError:
        raise UnreadableMedium(f"a number that is too large in the column {quoted(name)}") from None
    wrong = (np.isnan(values) & column.notna().to_numpy()) | (np.abs(values) > LARGEST)
    if wrong.any():
        place = int(wrong.argmax())
        raise UnreadableMedium(f"{quoted(str(column.iloc[place]))} in the column {quoted(name)}, line {place + 2}")
    return values


def _grid(times: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the place of each row on an even grid, int64 `(rows,)`, and the usual step of time."""
    steps = np.diff(times)
    if len(steps) == 0 or not (steps > 0).all():
        line = 2 if len(steps) == 0 else int((~(steps > 0)).argmax()) + 3
        raise UnreadableMedium(f"its times do not rise from row to row, line {line}")
    usual = np.median(steps)
    step = float(steps[steps < JUMP * usual].mean())
    skipped = np.maximum(1.0, np.round(steps / step))
    if 1 - len(steps) / skipped.sum() > MOST_MISSING:
        raise UnreadableMedium(f"by its times {1 - len(steps) / skipped.sum():.0%} of its samples are missing")
    return np.concatenate([[0], np.cumsum(skipped)]).astype(np.int64), step


def _recorded(values: np.ndarray) -> np.ndarray:
    """Return all rows up to the last that any channel has: short columns of a table are filled up with blanks."""
    there = np.flatnonzero(~np.isnan(values).all(axis=1))
    return values[: there[-1] + 1] if len(there) else values
