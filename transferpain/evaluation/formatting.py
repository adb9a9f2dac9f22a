"""Scores as text."""

import pandas as pd

UNDEFINED = "–"
SMALLEST_SHOWN_P = 0.001


def number(value: float | None, *, signed: bool = False, digits: int = 3, undefined: str = UNDEFINED) -> str:
    """Return a score with its decimals, and its sign if `signed`; `undefined` for None and NaN."""
    return undefined if pd.isna(value) else f"{value:{'+' if signed else ''}.{digits}f}"


def with_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    reason: str | None = "",
    *,
    signed: bool = False,
    digits: int = 3,
    undefined: str = UNDEFINED,
) -> str:
    """Return `0.612 [0.571, 0.650]`; without bounds the value and the reason, without a value `undefined`."""
    if pd.isna(value) or pd.isna(low):
        why = f" [none: {reason}]" if reason and not pd.isna(reason) and not pd.isna(value) else ""
        return number(value, signed=signed, digits=digits, undefined=undefined) + why
    text, lowest, highest = (number(one, signed=signed, digits=digits) for one in (value, low, high))
    return f"{text} [{lowest}, {highest}]"


def p_value(value: float | None) -> str:
    """Return three decimals, `< 0.001`, or a dash."""
    if pd.isna(value):
        return UNDEFINED
    return f"< {SMALLEST_SHOWN_P}" if value < SMALLEST_SHOWN_P else f"{value:.3f}"
