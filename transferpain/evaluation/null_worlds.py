"""Whether scores of null worlds, in which nothing can be learned, hold chance: simultaneous intervals over all of them.

Each score is compared with those that the same answers reach when labels are dealt anew within subjects. The intervals
are so wide that all of them hold chance together with a probability of at least 99 % where nothing leaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ERROR = 0.01  # that any interval of a null check misses chance though nothing leaks
PERMUTATIONS = 5000
ALL_DRAWS = 0
# Answers that do not differ reach one score whatever the labels are.
TIE = 1e-12


@dataclass(frozen=True)
class NullScore:
    """The score of a cell in one null world.

    Attributes:
        cell: what was run.
        draw: the world's number, from 1 on.
        observed: the score.
        permuted: float64 `(permutations,)`, scores with labels dealt anew; empty where they cannot be.
    """

    cell: str
    draw: int
    observed: float
    permuted: np.ndarray


@dataclass(frozen=True)
class Held:
    """A cell's simultaneous interval in one world, or of its mean over all worlds (`draw` 0).

    Attributes:
        cell, draw: as of `NullScore`.
        value: the score, or the mean of the scores.
        low, high: its interval.
        chance: what labels dealt anew reach on average.
    """

    cell: str
    draw: int
    value: float
    low: float
    high: float
    chance: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds chance."""
        return self.low - TIE <= self.chance <= self.high + TIE

    @property
    def found_from(self) -> float:
        """The lowest score above chance that would miss it; NaN where no score could, because nothing varies."""
        width = (self.high - self.low) / 2
        return self.chance + width if width > TIE else float("nan")


def judge_worlds(scores: Sequence[NullScore], error: float = ERROR) -> list[Held]:
    """Return the simultaneous interval of every score, and of every cell's mean over its worlds.

    The intervals are as many standard deviations wide as the largest deviation of any of them is in all but `error` of
    the permutations (Westfall & Young's max T). Cells are permuted independently of each other: of cells that hang
    together, fewer would miss chance.

    Args:
        scores: of each cell in each world; permuted equally often.
        error: the probability that any interval misses chance where nothing leaks.

    Raises:
        ValueError: if there is no score, or there are fewer permutations than the error needs.
    """
    if not scores:
        raise ValueError("there is no score to judge")
    members = [(one.cell, one.draw, one.observed, one.permuted) for one in scores if len(one.permuted)]
    for cell in dict.fromkeys(one.cell for one in scores):
        own = [one for one in scores if one.cell == cell and len(one.permuted)]
        if len(own) > 1:
            mean = np.mean([one.permuted for one in own], axis=0)
            members.append((cell, ALL_DRAWS, float(np.mean([one.observed for one in own])), mean))
    fixed = [Held(one.cell, one.draw, *[one.observed] * 4) for one in scores if not len(one.permuted)]
    if not members:
        return fixed
    # The true order of the labels is one of all: only with it among them is it as likely as each to be the furthest.
    orders = np.array([np.append(observed, values) for *_, observed, values in members])
    count = orders.shape[1] - 1
    place = int(np.ceil((1 - error) * (count + 1)))
    if place > count:
        raise ValueError(f"an error of {error} needs at least {int(np.ceil(1 / error))} permutations, received {count}")
    chance, spread = orders.mean(axis=1), orders.std(axis=1)
    spread[spread < TIE] = 0.0
    deviations = np.abs(orders - chance[:, None]) / np.where(spread, spread, 1.0)[:, None]
    width = np.sort(deviations.max(axis=0))[place - 1]
    return [
        Held(cell, draw, observed, observed - width * own, observed + width * own, mean)
        for (cell, draw, observed, _), mean, own in zip(members, chance, spread, strict=True)
    ] + fixed
