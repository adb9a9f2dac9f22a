"""Which tests a number of subjects can support at all, and how large a difference it could show: no score is read."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from transferpain.evaluation.comparisons import ALPHA
from transferpain.evaluation.paired_permutation import smallest_p

POWER = 0.8
# Between subjects' paired differences in balanced accuracy of two runs; our assumption, where nothing was measured.
ASSUMED_SPREAD = 0.15
FORMULA = (
    "paired t, (t(1 - level / 2) + t(.8)) s / sqrt(n) by the noncentral t distribution; s, the standard deviation of "
    f"the subjects' differences, is assumed to be {ASSUMED_SPREAD:g}"
)
# Beyond so many standard deviations no difference of two scores lies.
LARGEST_EFFECT = 1e3


def feasible(subjects: Mapping[str, int | None]) -> set[str]:
    """Return the tests of a family that could be significant after Holm's correction, by their subjects alone.

    The smallest two-sided p of an exact permutation test is 2 / 2^n for n subjects that differ. The tests with
    the fewest subjects leave the family until all others, each at its smallest p, would be significant: with fewer
    tests Holm's level is less strict for those that stay.

    Args:
        subjects: of each test, by its name; None where the number is not known yet: such a test stays.
    """
    known = sorted((number, name) for name, number in subjects.items() if number is not None)
    unknown = {name for name, number in subjects.items() if number is None}
    while known and not _all_hold([number for number, _ in known], len(unknown)):
        fewest = known[0][0]
        known = [(number, name) for number, name in known if number > fewest]
    return unknown | {name for _, name in known}


def smallest_effect(subjects: int, tests: int = 1) -> float | None:
    """Return the smallest difference that a paired test of so many subjects finds in 80 of 100 cases.

    In standard deviations of the subjects' paired differences: the d at which the noncentral t distribution with
    n - 1 degrees of freedom and noncentrality d sqrt(n) exceeds the two-sided critical value at level .05 / tests
    with probability .8 (nearly (z(1 - level / 2) + z(.8)) / sqrt(n) for many subjects).

    Args:
        subjects: n.
        tests: how many tests share the level of .05, as in the first step of Holm's correction.

    Returns:
        None where no outcome could be significant.
    """
    if subjects < 2 or smallest_p(subjects) > ALPHA / max(tests, 1):
        return None
    freedom = subjects - 1
    critical = stdtrit(freedom, 1 - ALPHA / max(tests, 1) / 2)
    return float(
        brentq(lambda effect: 1 - nctdtr(freedom, effect * np.sqrt(subjects), critical) - POWER, 1e-6, LARGEST_EFFECT)
    )


def power_in_words(subjects: Sequence[int], tests: int) -> str:
    """Say what the smallest difference is that the fewest and the most subjects of a family could show.

    Args:
        subjects: of each test, at least one.
        tests: the size of the family.
    """
    parts = []
    for number in dict.fromkeys((min(subjects), max(subjects))):
        shown = []
        for size, where in ((1, "alone"), (tests, f"in a family of {tests}")):
            effect = smallest_effect(number, size)
            words = "none" if effect is None else f"{effect:.2f} s, which is {effect * ASSUMED_SPREAD:.3f}"
            shown.append(f"{words} {where}")
        parts.append(f"{number} subjects: {'; '.join(dict.fromkeys(shown))}")
    return (
        f"The smallest difference that these numbers of subjects show with 80 % power at .05 ({FORMULA}): "
        f"{'. '.join(parts)}."
    )


def too_few(subjects: int) -> str:
    """Say that so many subjects can support no test of their family."""
    return (
        f"{subjects} subject{'s' * (subjects != 1)}: the smallest p that they can give is {smallest_p(subjects):.4g}, "
        "too large for the family"
    )


def _all_hold(ascending: Sequence[int], unknown: int) -> bool:
    """Tell whether every test at its smallest p is significant by Holm's steps: the fewest subjects come last."""
    return all(smallest_p(number) * (step + unknown) <= ALPHA for step, number in enumerate(ascending, start=1))
