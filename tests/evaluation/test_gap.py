import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.errors import UserError
from transferpain.evaluation.gap import generalisation_gap


def test_the_gap_is_within_minus_cross():
    within, cross = draw_predictions(skill=0.8, seed=1), draw_predictions(skill=0.5, seed=2)
    gap = generalisation_gap(within, cross, "accuracy", draws=500)
    assert gap.within == pytest.approx((within["y_true"] == within["y_pred"]).mean())
    assert gap.cross == pytest.approx((cross["y_true"] == cross["y_pred"]).mean())
    assert gap.difference.value == pytest.approx(gap.within - gap.cross)
    assert gap.difference.low < gap.difference.value < gap.difference.high
    assert (gap.subjects, gap.reason) == (10, "")


@pytest.mark.parametrize(("subjects", "reason"), [(5, "too narrow"), (1, "needs more")])
def test_few_subjects_are_said_to_be_few(subjects, reason):
    gap = generalisation_gap(draw_predictions(subjects=subjects), draw_predictions(subjects=subjects, seed=1))
    assert reason in gap.reason
    assert np.isnan(gap.difference.low) == (subjects == 1)


def test_without_a_label_there_is_no_gap():
    table = draw_predictions().assign(y_true=pd.array([pd.NA] * 120, dtype="Int64"))
    gap = generalisation_gap(table, table)
    assert (gap.within, gap.cross, gap.difference) == (None, None, None)
    assert "No clip has a label" in gap.reason


def test_another_test_set_is_refused():
    with pytest.raises(UserError, match="cannot be paired"):
        generalisation_gap(draw_predictions(), draw_predictions((4, 4, 3)))
