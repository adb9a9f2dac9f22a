"""What a paper's table of precision and recall allows: which accuracies, and how many rows each class needs.

Each class's true rows times its recall are its hits, and so are its answers times its precision. There are as many
answers as rows. That leaves an interval of accuracies, whatever the mix of the classes, which is found by a linear
programme. Values that were averaged over folds need not keep to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import count
from math import ceil, floor

import numpy as np
from scipy.optimize import linprog

from transferpain.evaluation.published_table import PublishedTable, printed_fraction


@dataclass(frozen=True)
class AccuracyInterval:
    """The accuracies that precision and recall allow; None where no class mix fits them, and `reason` says so.

    Attributes:
        low: the lowest accuracy.
        high: the highest.
        mix_of_low: share of the true rows in each class that gives the lowest.
        mix_of_high: the same for the highest.
    """

    low: float | None
    high: float | None
    mix_of_low: tuple[float, ...] = ()
    mix_of_high: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class TableCheck:
    """What a published table allows.

    Attributes:
        exact: accuracies if the printed values are exact.
        rounded: accuracies if they were rounded to the printed digits.
        supports: smallest number of true rows that each class's printed recall needs.
        f1: F1 of each class.
        verdict: whether the accuracy that the paper states is among `rounded`, in words; empty if none was given.
    """

    exact: AccuracyInterval
    rounded: AccuracyInterval
    supports: tuple[int, ...]
    f1: tuple[float, ...]
    verdict: str = ""


def accuracy_interval(precision: Sequence[float], recall: Sequence[float], rounding: float = 0.0) -> AccuracyInterval:
    """Return the accuracies that per-class precision and recall allow over all class mixes.

    Args:
        precision: of each class, 0..1.
        recall: of each class, 0..1.
        rounding: how far a true value may lie from the given one, e.g. .00005 for four printed decimals.

    Raises:
        ValueError: if the lengths differ, there is no class, or a value lies outside 0..1.
    """
    values = np.array([precision, recall], dtype=np.float64)
    if values.size == 0 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"Precision and recall of each class must lie in 0..1. Received: {values.tolist()}")
    lowest, highest = np.clip(values - rounding, 0, 1), np.clip(values + rounding, 0, 1)
    classes = values.shape[1]
    one, none = np.eye(classes), np.zeros((classes, classes))
    # The unknowns are shares of all rows: true rows of each class, hits, answers.
    limits = np.block(
        [
            [-np.diag(highest[1]), one, none],
            [np.diag(lowest[1]), -one, none],
            [none, one, -np.diag(highest[0])],
            [none, -one, np.diag(lowest[0])],
        ]
    )
    totals = np.kron([[1, 0, 0], [0, 0, 1]], np.ones(classes))
    hits = np.kron([0, 1, 0], np.ones(classes))
    ends = [linprog(sign * hits, limits, np.zeros(len(limits)), totals, [1, 1]) for sign in (1, -1)]
    if not all(end.success for end in ends):
        return AccuracyInterval(None, None, reason="No mix of the classes gives these values together.")
    mixes = [tuple(float(share) for share in np.abs(end.x[:classes])) for end in ends]
    return AccuracyInterval(float(ends[0].fun), float(-ends[1].fun), *mixes)


def smallest_support(recall: Decimal, digits: int) -> int:
    """Return the smallest number of true rows whose recall can be rounded to a printed one.

    Args:
        recall: as printed, as a fraction of one: `Decimal("0.8130")`.
        digits: decimals that were printed: 4.
    """
    half = Fraction(1, 2 * 10**digits)
    printed = Fraction(recall)
    return next(
        rows for rows in count(1) if max(ceil((printed - half) * rows), 0) <= min(floor((printed + half) * rows), rows)
    )


def check_table(table: PublishedTable, stated_accuracy: str = "") -> TableCheck:
    """Compute what a published table allows.

    Args:
        table: precision and recall of each class.
        stated_accuracy: the paper's accuracy as printed, on the scale of the table; empty if there is none.

    Raises:
        UserError: if the stated accuracy is no number on that scale.
    """
    precision, recall = ([float(value) for value in values] for values in (table.precision, table.recall))
    rounded = accuracy_interval(precision, recall, 0.5 * 10.0**-table.digits)
    return TableCheck(
        exact=accuracy_interval(precision, recall),
        rounded=rounded,
        supports=tuple(smallest_support(value, table.digits) for value in table.recall),
        f1=tuple(2 * p * r / (p + r) if p + r > 0 else 0.0 for p, r in zip(precision, recall, strict=True)),
        verdict=_verdict(rounded, *printed_fraction(stated_accuracy, table.percent)) if stated_accuracy else "",
    )


def _verdict(interval: AccuracyInterval, stated: Decimal, digits: int) -> str:
    if interval.low is None:
        return interval.reason
    half = 0.5 * 10.0**-digits
    if interval.low <= float(stated) + half and float(stated) - half <= interval.high:
        return f"The stated accuracy {stated} is possible with these values."
    return (
        f"The stated accuracy {stated} is impossible with these values, whatever the class mix: "
        f"they allow {interval.low:.4f} to {interval.high:.4f}."
    )
