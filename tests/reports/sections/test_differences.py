import pytest

from transferpain.evaluation.paired_permutation import SwapTest
from transferpain.evaluation.resampling import Interval
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.sections.differences import differences, differences_as_text

PAIR = Comparison(better="ann", worse="ann-untrained")


def compared(difference, p, subjects=26, interval=(0.01, 0.2, 26, "")):
    test = SwapTest(difference, p, subjects, subjects, 2.0 ** (1 - subjects), "exact")
    return PAIR, Interval(difference, *interval), test


@pytest.mark.parametrize(
    ("difference", "p", "words"), [(0.05, 0.01, "better"), (-0.05, 0.01, "worse"), (0.05, 0.2, "not shown")]
)
def test_a_difference_is_read_by_its_test(difference, p, words):
    row = differences_as_text(differences([compared(difference, p)])).iloc[0]
    assert row["Reading"].startswith(words)
    assert row["Difference"] == f"{difference:+.3f} [+0.010, +0.200]"
    assert row["Metric"] == "balanced accuracy"


def test_the_family_holds_only_what_the_numbers_of_subjects_support():
    table = differences([compared(0.05, 0.04), compared(0.3, 0.06, 5, (float("nan"),) * 2 + (0, "5 subjects"))])
    assert table["tests"].tolist() == [1, 1]
    assert table["p_holm"].tolist()[0] == pytest.approx(0.04)
    text = differences_as_text(table)
    assert text["Reading"].tolist()[1].startswith("not tested: 5 subjects")
    assert text["Difference"].tolist()[1] == "+0.300 [none: 5 subjects]"


def test_holm_corrects_over_the_comparisons():
    table = differences([compared(0.05, 0.04), compared(0.3, 0.03)])
    assert table["p_holm"].tolist() == pytest.approx([0.06, 0.06])
