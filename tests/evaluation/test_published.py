"""Check values: the reference's arithmetic on Hosseini's Table II (section 0, findings 2 and 3), and small tables."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.evaluation.published import accuracy_interval, check_table, smallest_support
from transferpain.evaluation.published_table import read_published_table

HOSSEINI = Path(__file__).parents[2] / "docs" / "hosseini-table-2.csv"


def test_hosseini_table_allows_at_most_85_12_percent():
    check = check_table(read_published_table(HOSSEINI), "85.71")
    assert check.exact.low == pytest.approx(0.7531, abs=5e-5)
    assert check.exact.high == pytest.approx(0.8512, abs=5e-5)
    assert check.exact.mix_of_high == pytest.approx((0, 0, 0, 0.6, 0, 0, 0.4), abs=0.005)
    assert "impossible" in check.verdict
    assert check.supports[6] == 123


def test_hosseini_f1_column_follows_from_its_precision_and_recall():
    check = check_table(read_published_table(HOSSEINI))
    assert check.f1 == pytest.approx((0.7875, 0.7801, 0.7026, 0.8249, 0.7704, 0.8127, 0.8969), abs=1e-4)
    assert np.mean(check.f1) == pytest.approx(0.7964, abs=5e-5)
    assert check.verdict == ""


def test_rounding_widens_the_interval():
    check = check_table(read_published_table(HOSSEINI))
    assert check.rounded.low < check.exact.low < check.exact.high < check.rounded.high
    assert check.rounded.high - check.exact.high < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_the_accuracy_of_a_true_confusion_matrix_is_always_allowed(seed):
    confusion = np.random.default_rng(seed).integers(1, 40, (4, 4))
    hits, total = np.diag(confusion), confusion.sum()
    precision, recall = hits / confusion.sum(axis=0), hits / confusion.sum(axis=1)
    for values, rounding in (((precision, recall), 1e-9), ((precision.round(2), recall.round(2)), 0.005)):
        interval = accuracy_interval(*values, rounding)
        assert interval.low - 1e-9 <= hits.sum() / total <= interval.high + 1e-9
        assert sum(interval.mix_of_high) == pytest.approx(1)


def test_two_classes_leave_one_accuracy():
    """Precision 2/3 and recall 4/5 of one class, 3/4 and 3/5 of the other: 10 rows, 4 + 3 of them right."""
    interval = accuracy_interval([4 / 6, 3 / 4], [4 / 5, 3 / 5], 1e-12)
    assert (interval.low, interval.high) == pytest.approx((0.7, 0.7), abs=1e-6)
    assert interval.mix_of_low == pytest.approx((0.5, 0.5), abs=1e-6)


def test_values_that_exclude_each_other_are_refused():
    interval = accuracy_interval([0.5, 0.5], [0.9, 0.8])  # more answers than rows, whatever the mix
    assert (interval.low, interval.high) == (None, None)
    assert "No mix" in interval.reason


def test_a_class_never_hit_is_allowed():
    interval = accuracy_interval([0.0, 0.5], [0.0, 1.0])
    assert interval.low <= 0.5 <= interval.high


@pytest.mark.parametrize("values", [([], []), ([1.2], [0.5]), ([0.5], [np.nan])])
def test_values_that_are_no_shares_are_refused(values):
    with pytest.raises(ValueError, match="Received"):
        accuracy_interval(*values)


@pytest.mark.parametrize(
    ("recall", "digits", "rows"),
    [("0.8130", 4, 123), ("0.5", 1, 2), ("1", 2, 1), ("0", 2, 1), ("0.33", 2, 3), ("0.17", 2, 6), ("0.0001", 4, 6667)],
)
def test_smallest_support(recall, digits, rows):
    """100/123 = .81301; 1/6667 = .00014999 is the largest of its kind that still rounds to .0001."""
    assert smallest_support(Decimal(recall), digits) == rows


@pytest.mark.parametrize("stated", ["high", "-3", "101", "nan"])
def test_a_stated_accuracy_must_be_on_the_scale_of_the_table(stated):
    with pytest.raises(UserError, match="on the scale of the table"):
        check_table(read_published_table(HOSSEINI), stated)


def test_a_stated_accuracy_is_read_with_its_rounding():
    assert "is possible" in check_table(read_published_table(HOSSEINI), "85").verdict
    assert "is impossible" in check_table(read_published_table(HOSSEINI), "86").verdict
