"""Scores as text."""

import pandas as pd

UNDEFINED = "–"


def number(value: float | None, *, signed: bool = False, digits: int = 3, undefined: str = UNDEFINED) -> str:
    """Return a score with its decimals, and its sign if `signed`; `undefined` for None and NaN."""
    return undefined if pd.isna(value) else f"{value:{'+' if signed else ''}.{digits}f}"


def with_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    signed: bool = False,
    digits: int = 3,
    undefined: str = UNDEFINED,
) -> str:
    """Return `0.612 [0.571, 0.650]`; without bounds the value alone, without a value `undefined`."""
    if pd.isna(value) or pd.isna(low):
        return number(value, signed=signed, digits=digits, undefined=undefined)
    text, lowest, highest = (number(one, signed=signed, digits=digits) for one in (value, low, high))
    return f"{text} [{lowest}, {highest}]"
