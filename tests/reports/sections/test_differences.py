import pytest

from transferpain.evaluation.resampling import Interval
from transferpain.experiments.schema import Comparison
from transferpain.reports.sections.differences import differences, differences_as_text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.01, 0.2, "above 0"), (-0.2, -0.01, "below 0"), (-0.1, 0.2, "covers 0"), (float("nan"),) * 2 + ("no interval",)],
)
def test_a_difference_is_read_by_its_interval(low, high, words):
    pair = Comparison(better="ann", worse="ann-untrained")
    table = differences([(pair, Interval(0.05, low, high, 2000))])
    row = differences_as_text(table).iloc[0]
    assert words in row["Reading"]
    assert row["Difference"].startswith("+0.050")
    assert row["Metric"] == "balanced accuracy"
