import numpy as np
import pytest

from transferpain.networks.training.class_weights import class_weights


@pytest.mark.parametrize(
    ("counts", "expected"),
    [  # AI4Pain training: 41 subjects, 12 low and 12 high each, 5 or 6 no-pain windows (protocols 1.1)
        ((205, 492, 492), (1.9333, 0.8056, 0.8056)),
        ((246, 492, 492), (1.6667, 0.8333, 0.8333)),
    ],
)
def test_ai4pain_weights(counts, expected):
    y = np.repeat(np.arange(3), counts)
    assert class_weights(y, 3) == pytest.approx(expected, abs=5e-5)


def test_weighted_rows_count_equally_by_class():
    y = np.array([0, 1, 1, 2, 2, 2, 2])
    weights = class_weights(y, 3)
    totals = [weights[y][y == label].sum() for label in range(3)]
    assert totals == pytest.approx([7 / 3] * 3)
    assert weights.dtype == np.float32


def test_class_without_rows_has_no_weight():
    assert class_weights(np.array([0, 0, 2]), 3) == pytest.approx([0.5, 0.0, 1.0])


@pytest.mark.parametrize("y", [[], [0, 3], [-1, 0]])
def test_refuses_rows_that_are_no_class(y):
    with pytest.raises(ValueError, match="Class"):
        class_weights(np.array(y), 3)
