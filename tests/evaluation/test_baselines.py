import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.baselines import prior_draw_run
from transferpain.evaluation.statistics import paired_difference, score_subjects

PRIOR = np.array([0.04, 0.48, 0.48])


def score(table, metric):
    return score_subjects(table, (metric,))[metric].value


def test_draws_from_the_prior_are_right_as_often_as_the_shares_say():
    """Expected: the sum over classes of training share times test share."""
    run = prior_draw_run(draw_predictions((1, 12, 12), subjects=12), PRIOR, draws=400)
    assert score(run, "accuracy") == pytest.approx(0.04**2 + 2 * 0.48**2, abs=0.01)
    assert score(run, "balanced_accuracy") == pytest.approx(1 / 3, abs=0.01)


def test_a_baseline_is_compared_like_a_run():
    table = draw_predictions(skill=0.8, seeds=(0, 1))
    difference = paired_difference(table, prior_draw_run(table, np.full(3, 1 / 3), draws=20))
    assert difference.value == pytest.approx(0.8 - 1 / 3, abs=0.1)
    assert difference.low > 0


def test_frames_and_unlabelled_clips():
    table = draw_predictions(subjects=2)
    table.loc[0, "y_true"] = pd.NA
    with_frames = pd.concat([table, table.assign(frame=7)], ignore_index=True)
    run = prior_draw_run(with_frames, PRIOR, draws=2)
    assert len(run) == 2 * len(table)
    assert run["y_true"].isna().sum() == 2
    assert (run[["p_0", "p_1", "p_2"]].to_numpy() == PRIOR).all()


def test_the_same_seed_draws_the_same_answers():
    table = draw_predictions()
    assert prior_draw_run(table, PRIOR).equals(prior_draw_run(table, PRIOR))
    assert not prior_draw_run(table, PRIOR, seed=1).equals(prior_draw_run(table, PRIOR))


@pytest.mark.parametrize("prior", [[0.5, 0.5], [0.5, 0.5, 0.5], [1.5, -0.5, 0]])
def test_a_prior_that_does_not_fit_is_refused(prior):
    with pytest.raises(ValueError, match="Received"):
        prior_draw_run(draw_predictions(), np.array(prior))
