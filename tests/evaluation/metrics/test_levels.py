import warnings

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, mean_absolute_error, mean_squared_error

from tests.evaluation.drawn import draw_counts, draw_predictions
from transferpain.evaluation.metrics import levels
from transferpain.evaluation.metrics.metric import statistic_of
from transferpain.evaluation.metrics.registry import metrics_of
from transferpain.evaluation.resampling import Answers, read_answers, score_whole

# Shrout & Fleiss 1979, table 2: four judges rate six subjects.
RATINGS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def answers_of(y_true, y_pred, probabilities=None, classes=3):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    ones = np.zeros(len(y_true), dtype=np.int64)
    probabilities = np.eye(classes)[y_pred] if probabilities is None else np.asarray(probabilities, dtype=float)
    return Answers(y_true, y_pred, probabilities, ones, ones, 1, (0,))


def scores_of(answers):
    statistic = statistic_of(list(metrics_of("levels").values()), answers)
    return {name: values[0] for name, values in score_whole(statistic, 1).items()}


def mean_squares_icc(x, y):
    """ICC(3,1) of two raters from the mean squares of a two-way analysis of variance."""
    ratings = np.stack([x, y], axis=1).astype(float)
    rated, raters = ratings.shape
    rows, columns, grand = ratings.mean(axis=1), ratings.mean(axis=0), ratings.mean()
    between = raters * ((rows - grand) ** 2).sum() / (rated - 1)
    residual = ratings - rows[:, None] - columns + grand
    error = (residual**2).sum() / ((rated - 1) * (raters - 1))
    return (between - error) / (between + (raters - 1) * error)


def concordance(x, y):
    """Lin's coefficient from its definition, with variances divided by the number."""
    return 2 * np.cov(x, y, bias=True)[0, 1] / (np.var(x) + np.var(y) + (np.mean(x) - np.mean(y)) ** 2)


def mean_of_levels(true, answers):
    return np.mean([mean_absolute_error(true[true == one], answers[true == one]) for one in np.unique(true)])


def test_icc_of_the_published_table():
    assert levels.icc_3_1(np.cov(RATINGS.T)) == pytest.approx(0.71, abs=0.005)


def test_icc_by_hand():
    # Raters 1 2 3 and 2 4 6: BMS = 4.5, EMS = .5, so (4.5 - .5) / (4.5 + .5).
    assert levels.icc_3_1(np.cov([1, 2, 3], [2, 4, 6])) == pytest.approx(0.8)
    # A rater who is stricter by a constant is consistent.
    assert levels.icc_3_1(np.cov([1, 2, 3], [0, 1, 2])) == pytest.approx(1.0)


def test_scores_by_hand():
    found = scores_of(answers_of([0, 1, 2, 2], [0, 2, 2, 1]))
    # Deviations of labels -1.25 -.25 .75 .75, of answers -1.25 .75 .75 -.25: sums of squares and products.
    xx, yy, xy = 2.75, 2.75, 1.75
    assert found["mae"] == pytest.approx(0.5)
    assert found["pcc"] == pytest.approx(xy / np.sqrt(xx * yy))
    assert found["icc"] == pytest.approx(2 * xy / (xx + yy))
    assert found["mse"] == pytest.approx(0.5)
    # Both means are 1.25: only how much they vary together is left.
    assert found["ccc"] == pytest.approx(2 * xy / (xx + yy))
    # Errors of the levels: 0 of one clip, 1 of one, 1 of two.
    assert found["mae_balanced"] == pytest.approx((0 + 1 + 0.5) / 3)
    # Observed disagreement 2 of 4 clips; expected by chance: rows 1 1 2, columns 1 1 2 give 22 / 4.
    assert found["quadratic_kappa"] == pytest.approx(1 - 2 / (22 / 4))


def test_concordance_counts_an_offset_and_correlation_does_not():
    # Answers one level above each label: variance 2/3 each, means one apart.
    found = scores_of(answers_of([0, 1, 2], [1, 2, 3], classes=4))
    assert found["pcc"] == pytest.approx(1)
    assert found["ccc"] == pytest.approx((2 * 2 / 3) / (2 / 3 + 2 / 3 + 1))
    assert found["mse"] == pytest.approx(1)


def test_the_error_over_levels_is_that_of_scikit_learn_level_by_level():
    random = np.random.default_rng(3)
    y_true, y_pred = random.choice(5, 200, p=[0.8, 0.1, 0.05, 0.05, 0]), random.integers(0, 5, 200)
    by_level = [mean_absolute_error(y_true[y_true == level], y_pred[y_true == level]) for level in range(4)]
    found = scores_of(answers_of(y_true, y_pred, classes=5))
    assert found["mae_balanced"] == pytest.approx(np.mean(by_level))
    assert found["mse"] == pytest.approx(np.mean((y_true - y_pred) ** 2))


def test_the_expected_level_is_the_mean_over_the_probabilities():
    probabilities = [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]
    found = scores_of(answers_of([0, 1, 2], [0, 1, 2], probabilities))
    assert found["mae"] == 0
    assert found["mae_expected"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert found["pcc_expected"] == pytest.approx(np.corrcoef([0, 1, 2], [0.5, 1.5, 2.0])[0, 1])
    assert found["icc_expected"] == pytest.approx(mean_squares_icc([0, 1, 2], [0.5, 1.5, 2.0]))


def test_every_draw_scores_as_its_repeated_clips_do():
    answers = read_answers(draw_predictions((3, 2, 2, 1), subjects=8, seeds=(0, 1), spread=0.2))
    times = draw_counts(8, 20, seed=3)
    found = statistic_of(list(metrics_of("levels").values()), answers)(times)
    expected = answers.probabilities @ np.arange(4)
    for draw, repeats in enumerate(times.astype(int)):
        for seed in (0, 1):
            rows = np.repeat(np.arange(len(answers.y_true)), repeats[answers.subject] * (answers.seed == seed))
            true, predicted, level = answers.y_true[rows], answers.y_pred[rows], expected[rows]
            oracle = {
                "mae": mean_absolute_error(true, predicted),
                "mae_balanced": mean_of_levels(true, predicted),
                "mse": mean_squared_error(true, predicted),
                "icc": mean_squares_icc(true, predicted),
                "quadratic_kappa": cohen_kappa_score(true, predicted, weights="quadratic"),
                "pcc": np.corrcoef(true, predicted)[0, 1],
                "ccc": concordance(true, predicted),
                "mae_expected": mean_absolute_error(true, level),
                "mae_balanced_expected": mean_of_levels(true, level),
                "mse_expected": mean_squared_error(true, level),
                "icc_expected": mean_squares_icc(true, level),
                "pcc_expected": np.corrcoef(true, level)[0, 1],
                "ccc_expected": concordance(true, level),
            }
            assert {name: values[draw, seed] for name, values in found.items()} == pytest.approx(oracle)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    true, predicted = generator.integers(0, 5, (2, 60))
    confusion = np.zeros((5, 5))
    np.add.at(confusion, (true, predicted), 1)
    oracle = cohen_kappa_score(true, predicted, weights="quadratic")
    assert levels.quadratic_kappa(confusion) == pytest.approx(oracle)


def test_answers_that_do_not_vary_have_no_correlation_and_agree_no_better_than_chance():
    # An expected level of 1/3, which no float holds exactly.
    answers = answers_of([0, 1, 2], [0, 0, 0], [[0.8, 0.2 - 0.2 / 3, 0.2 / 3]] * 3)
    found = scores_of(answers)
    assert np.isnan([found["pcc"], found["pcc_expected"]]).all()
    assert (found["quadratic_kappa"], found["icc"]) == pytest.approx((0, 0))
    assert found["mae"] == 1
    for name in metrics_of("levels"):
        assert levels.why_undefined(name, answers, 0) == (levels.CONSTANT if "pcc" in name else None)


def test_labels_of_one_level_leave_only_the_error():
    answers = answers_of([1, 1, 1], [0, 1, 2])
    found = scores_of(answers)
    for name in metrics_of("levels"):
        is_error = name.startswith(("mae", "mse"))
        assert np.isnan(found[name]) == (not is_error)
        assert levels.why_undefined(name, answers, 0) == (None if is_error else levels.ONE_LEVEL)
    assert found["mae"] == pytest.approx(2 / 3)


def test_a_reason_stands_exactly_where_a_score_is_missing():
    generator = np.random.default_rng(0)
    for _ in range(50):
        true, predicted = generator.integers(0, 2, (2, 3))
        answers = answers_of(true, predicted)
        for name, value in scores_of(answers).items():
            assert np.isnan(value) == (levels.why_undefined(name, answers, 0) is not None), (true, predicted, name)


def test_no_warning_where_scores_are_undefined():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores_of(answers_of([1, 1], [1, 1]))


def test_without_a_level_the_kappa_is_defined_and_the_error_over_levels_is_not():
    """The third subject alone has level 2: without it that level's error is not known, distances are."""
    answers = Answers(
        *(np.array([0, 1, 0, 1, 2]), np.array([0, 1, 1, 1, 1]), np.eye(3)[[0, 1, 1, 1, 1]]),
        *(np.array([0, 0, 1, 1, 2]), np.zeros(5, np.int64), 3, (0,)),
    )
    found = statistic_of(list(metrics_of("levels").values()), answers)(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]))
    without = cohen_kappa_score([0, 1, 0, 1], [0, 1, 1, 1], weights="quadratic")
    assert found["quadratic_kappa"][1, 0] == pytest.approx(without)
    assert found["mae_balanced"][0, 0] == pytest.approx((0.5 + 0 + 1) / 3)
    assert np.isnan(found["mae_balanced"][1, 0])
    assert found["mae"][1, 0] == pytest.approx(0.25)
