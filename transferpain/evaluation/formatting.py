"""Scores as text."""

import pandas as pd

UNDEFINED = "–"
SMALLEST_SHOWN_P = 0.001
ALPHA = 0.05
DECIMALS, MOST_DECIMALS = 3, 4
# What rounding leaves of a difference of equals, which has no sign.
NOTHING = 1e-12


def number(value: float | None, *, signed: bool = False, digits: int = DECIMALS, undefined: str = UNDEFINED) -> str:
    """Return a score with its decimals, and its sign if `signed`; `undefined` for None and NaN."""
    if pd.isna(value):
        return undefined
    return f"{0.0 if abs(value) < NOTHING else value:{'+' if signed else ''}.{digits}f}"


def with_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    reason: str | None = "",
    *,
    signed: bool = False,
    digits: int | None = None,
    undefined: str = UNDEFINED,
) -> str:
    """Return `0.612 [0.571, 0.650]`; without bounds the value and the reason, without a value `undefined`.

    Args:
        value: a score; `low` and `high` are the bounds of its interval, and `reason` says why there is none.
        signed: whether each number has its sign.
        digits: decimals; `None`: as many as the interval can tell apart, see `decimals`.
        undefined: what stands for no value.
    """
    digits = decimals(low, high) if digits is None else digits
    if pd.isna(value) or pd.isna(low):
        why = f" [none: {reason}]" if reason and not pd.isna(reason) and not pd.isna(value) else ""
        return number(value, signed=signed, digits=digits, undefined=undefined) + why
    text, lowest, highest = (number(one, signed=signed, digits=digits) for one in (value, low, high))
    return f"{text} [{lowest}, {highest}]"


def decimals(low: float | None, high: float | None) -> int:
    """Return the decimals with which half the width of an interval has two digits, at most four; three without one."""
    if pd.isna(low) or pd.isna(high) or not high > low:
        return DECIMALS
    exponent = int(f"{(high - low) / 2:.1e}".partition("e")[2])
    return min(max(1 - exponent, 0), MOST_DECIMALS)


def p_value(value: float | None) -> str:
    """Return three decimals, `< 0.001`, or a dash; a p below .05 is never shown as one that is not."""
    if pd.isna(value):
        return UNDEFINED
    if value < SMALLEST_SHOWN_P:
        return f"< {SMALLEST_SHOWN_P}"
    text = f"{value:.3f}"
    return f"< {text}" if value < ALPHA <= float(text) else text
