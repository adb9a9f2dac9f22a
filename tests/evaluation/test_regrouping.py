"""Coarser levels from a number: which task refines which, by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.test_detection import table
from transferpain.data.tasks.task import load_task
from transferpain.evaluation.regrouping import groups_of, regroup


def spans(name: str) -> list[tuple[float, float]]:
    return list(load_task(name).labels["unbc"].bins)


def test_pspi_has_the_seven_levels_of_hosseini():
    # Hosseini, Table I: 0 | 1-2 | 3-4 | 5-6 | 7-9 | 10-12 | 13-15
    expected = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]
    assert groups_of(spans("unbc-pspi"), spans("unbc-seven")).tolist() == expected


@pytest.mark.parametrize(
    ("fine", "coarse"),
    [
        ([(0, 0), (1, 2)], [(0, 0), (1, 2)]),
        ([(0, 0), (1, 3)], [(0, 1), (2, 3)]),
        ([(0, 0), (1, 1), (2, 2)], [(0, 0), (1, 1)]),
    ],
    ids=["the same", "across a border", "beyond the last"],
)
def test_levels_that_do_not_lie_in_coarser_ones_have_no_groups(fine, coarse):
    assert groups_of(fine, coarse) is None


def test_the_answer_is_where_the_rounded_number_lies_and_probabilities_are_sums():
    # Levels 0 | 1 and 2 | 3.
    predictions = table([0, 1, 2, 3], [0.4, 0.5, 2.4, 2.5])
    found = regroup(predictions, np.array([0, 1, 1, 2]))
    assert found["y_pred"].tolist() == [0, 1, 1, 2]
    assert found["y_true"].tolist() == [0, 1, 1, 2]
    np.testing.assert_allclose(
        found[["p_0", "p_1", "p_2"]], [[0.6, 0.4, 0], [0.5, 0.5, 0], [0, 0.6, 0.4], [0, 0.5, 0.5]]
    )
    assert "p_3" not in found
    np.testing.assert_allclose(predictions["p_3"], [0, 0, 0.4, 0.5])


def test_what_has_no_label_has_none_afterwards():
    predictions = table([0, 1], [0.4, 2.0])
    predictions["y_true"] = pd.array([None, 1], dtype="Int64")
    found = regroup(predictions, np.array([0, 1, 1, 2]))
    assert found["y_true"].isna().tolist() == [True, False]
    assert found["y_pred"].tolist() == [0, 1]
