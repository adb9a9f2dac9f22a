import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from tests.evaluation.drawn import draw_counts, draw_predictions
from transferpain.evaluation import ranking
from transferpain.evaluation.resampling import read_answers


def coarse(table):
    """Round the probabilities, so that many are equal."""
    columns = [column for column in table if column.startswith("p_")]
    return table.assign(**table[columns].round(1))


def test_both_ways_to_count_agree():
    answers = read_answers(coarse(draw_predictions((3, 2), subjects=6)))
    ranked = ranking.rank(answers, 1, 0)
    times = draw_counts(6, 50, seed=0)
    np.testing.assert_allclose(ranking.won_by_pairs(ranked, 6)(times), ranking.won_by_clips(ranked)(times))


def test_curves_are_those_of_scikit_learn():
    table = coarse(draw_predictions((5, 3, 2)))
    for curve in ranking.mean_curves(read_answers(table)):
        is_class, probability = table["y_true"] == curve.number, table[f"p_{curve.number}"]
        assert curve.share == pytest.approx([0.5, 0.3, 0.2][curve.number])
        false, true, _ = roc_curve(is_class, probability, drop_intermediate=False)
        np.testing.assert_allclose(curve.true_positives, np.interp(curve.rate, false, true))
        precision, recall, _ = precision_recall_curve(is_class, probability)
        # Thresholds ascend there, and a point without any answer, recall 0 and precision 1, is added at the end.
        for rate, found in zip(curve.rate, curve.precision, strict=True):
            reaching = recall[:-1] >= max(rate - 1e-9, 1e-9)
            assert found == pytest.approx(precision[:-1][reaching][-1])


def test_curves_are_means_over_seeds():
    table = draw_predictions((4, 4), seeds=(0, 1))
    (mean,) = ranking.mean_curves(read_answers(table))
    alone = [ranking.mean_curves(read_answers(table[table["seed"] == seed]))[0] for seed in (0, 1)]
    np.testing.assert_allclose(mean.precision, (alone[0].precision + alone[1].precision) / 2)
    np.testing.assert_allclose(mean.true_positives, (alone[0].true_positives + alone[1].true_positives) / 2)
    assert mean.number == 1


def test_one_class_has_no_curve():
    table = draw_predictions((4, 4)).assign(y_true=pd.array([1] * 80, dtype="Int64"))
    assert ranking.mean_curves(read_answers(table)) == []
