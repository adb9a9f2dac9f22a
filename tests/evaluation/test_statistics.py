import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.metrics.registry import measured
from transferpain.evaluation.statistics import bootstrap_subjects, paired_difference


def test_draws_are_counted():
    table = draw_predictions((4, 12, 12), subjects=100, seeds=(0, 1, 2))
    intervals = bootstrap_subjects(table, draws=2000)
    assert {interval.draws for interval in intervals.values()} == {2000}


def test_interval_equals_a_plain_loop_over_drawn_subjects():
    """Both estimate the percentiles of one distribution, with different random draws."""
    table = draw_predictions(subjects=15, spread=0.2, seeds=(0, 1))
    interval = bootstrap_subjects(table, ("balanced_accuracy",), draws=4000)["balanced_accuracy"]
    generator = np.random.default_rng(1)
    hits = table.assign(hit=table["y_true"] == table["y_pred"]).groupby(["subject", "seed", "y_true"])["hit"]
    recall = hits.mean().astype(float).groupby("subject").mean().to_numpy()  # the classes are balanced here
    loop = [generator.choice(recall, recall.size).mean() for _ in range(4000)]
    assert interval.value == pytest.approx(recall.mean())
    assert (interval.low, interval.high) == pytest.approx(np.quantile(loop, [0.025, 0.975]), abs=0.01)


@pytest.mark.slow
def test_the_interval_covers_the_truth_about_95_times_in_100():
    covered = 0
    for seed in range(100):
        table = draw_predictions((5, 5), subjects=30, skill=0.65, spread=0.1, seed=seed)
        interval = bootstrap_subjects(table, ("balanced_accuracy",), draws=400)["balanced_accuracy"]
        covered += interval.low <= 0.65 <= interval.high
    assert 86 <= covered <= 100


def test_subjects_not_clips_set_the_width():
    """Subjects who are all right or all wrong: 20 times the clips bring no further certainty."""
    few, many = (
        bootstrap_subjects(draw_predictions((n, n), subjects=20, skill=0.5, spread=50), ("accuracy",))["accuracy"]
        for n in (2, 40)
    )
    assert few.high - few.low > 0.3
    assert many.high - many.low > 0.3


def test_the_same_seed_gives_the_same_interval():
    table = draw_predictions(spread=0.2)
    assert bootstrap_subjects(table, seed=1) == bootstrap_subjects(table, seed=1)
    assert bootstrap_subjects(table, seed=1) != bootstrap_subjects(table, seed=2)


def test_draws_that_lose_a_class_are_left_out():
    table = draw_predictions((4, 4), subjects=10)
    rare = (table["y_true"] == 1) & ~table["subject"].isin(["S00", "S01"])
    interval = bootstrap_subjects(table[~rare], ("balanced_accuracy",), draws=2000)["balanced_accuracy"]
    assert interval.draws == pytest.approx(2000 * (1 - 0.8**10), abs=60)


def test_a_class_that_nobody_has_costs_no_draws():
    table = draw_predictions((4, 4, 0), subjects=10)
    assert bootstrap_subjects(table, ("macro_f1",), draws=300)["macro_f1"].draws == 300


def test_one_subject_has_a_score_but_no_interval():
    interval = bootstrap_subjects(draw_predictions(subjects=1, skill=1.0))["accuracy"]
    assert interval.value == 1.0
    assert np.isnan([interval.low, interval.high]).all()
    assert interval.draws == 0


def test_without_labels_nothing_is_scored():
    table = draw_predictions().assign(y_true=pd.array([pd.NA] * 120, dtype="Int64"))
    intervals = bootstrap_subjects(table)
    assert list(intervals) == list(measured())
    assert np.isnan([interval.value for interval in intervals.values()]).all()


def test_difference_of_a_run_with_itself_is_zero():
    table = draw_predictions()
    interval = paired_difference(table, table)
    assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_difference_is_that_of_the_seed_means():
    good, weak = draw_predictions(skill=0.8, seeds=(0, 1, 2), seed=1), draw_predictions(skill=0.4, seed=2)
    interval = paired_difference(good, weak)
    scores = [bootstrap_subjects(table)["balanced_accuracy"].value for table in (good, weak)]
    assert interval.value == pytest.approx(scores[0] - scores[1])
    assert 0 < interval.low < interval.value < interval.high
    other_way = paired_difference(weak, good)
    assert (other_way.low, other_way.high) == pytest.approx((-interval.high, -interval.low))


def test_pairing_removes_what_the_subjects_have_in_common():
    """Run b errs where run a errs, and once more a subject: the subjects' own spread cancels out."""
    a = draw_predictions((10, 10), subjects=20, skill=0.6, spread=0.3)
    b = a.copy()
    first_hit = a[a["y_true"] == a["y_pred"]].groupby("subject").head(1).index
    b.loc[first_hit, "y_pred"] = 1 - b.loc[first_hit, "y_pred"]
    alone = bootstrap_subjects(a, ("accuracy",))["accuracy"]
    pair = paired_difference(a, b, "accuracy")
    assert pair.low > 0
    assert pair.high - pair.low < 0.1 * (alone.high - alone.low)


def test_row_order_does_not_matter():
    a, b = draw_predictions(seed=1), draw_predictions(seed=2)
    assert paired_difference(a, b) == paired_difference(a.sample(frac=1, random_state=0), b)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table[table["subject"] != "S03"],
        lambda table: table.assign(y_true=(table["y_true"] + 1) % 3),
        lambda table: table.assign(p_3=0.0),
    ],
    ids=["other clips", "other labels", "other classes"],
)
def test_runs_on_different_clips_are_not_compared(change):
    table = draw_predictions()
    with pytest.raises(UserError, match="cannot be paired"):
        paired_difference(table, change(table))
