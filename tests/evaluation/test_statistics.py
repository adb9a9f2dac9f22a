import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.metrics.registry import measured
from transferpain.evaluation.statistics import paired_difference, require_same_clips, score_subjects


def test_samples_are_counted():
    intervals = score_subjects(draw_predictions((4, 12, 12), subjects=100, seeds=(0, 1, 2)))
    assert {interval.kept for interval in intervals.values()} == {100}


def test_interval_equals_a_plain_loop_that_leaves_each_subject_out():
    table = draw_predictions(subjects=15, spread=0.2, seeds=(0, 1))
    interval = score_subjects(table, ("balanced_accuracy",))["balanced_accuracy"]
    hits = table.assign(hit=table["y_true"] == table["y_pred"]).groupby(["subject", "seed", "y_true"])["hit"]
    recall = hits.mean().astype(float).groupby("subject").mean().to_numpy()  # the classes are balanced here
    loop = [np.delete(recall, place).mean() for place in range(15)]
    error = np.sqrt(14 / 15 * ((loop - np.mean(loop)) ** 2).sum())
    value = recall.mean()
    reach = stats.t.ppf(0.975, 14) * error / stats.norm.pdf(stats.norm.ppf(value))
    assert interval.value == pytest.approx(value)
    assert (interval.low, interval.high) == pytest.approx(
        tuple(stats.norm.cdf(stats.norm.ppf(value) + np.array([-reach, reach])))
    )


def test_subjects_not_clips_set_the_width():
    """Subjects who are all right or all wrong: 20 times the clips bring no further certainty."""
    few, many = (
        score_subjects(draw_predictions((n, n), subjects=20, skill=0.5, spread=50), ("accuracy",))["accuracy"]
        for n in (2, 40)
    )
    assert few.high - few.low > 0.3
    assert many.high - many.low > 0.3


def test_a_class_of_one_subject_leaves_no_interval():
    table = draw_predictions((4, 4), subjects=10)
    rare = (table["y_true"] == 1) & (table["subject"] != "S00")
    interval = score_subjects(table[~rare], ("balanced_accuracy",))["balanced_accuracy"]
    assert (interval.kept, interval.reason) == (9, "not defined without 1 of 10 subjects")


def test_a_class_that_nobody_has_costs_no_sample():
    table = draw_predictions((4, 4, 0), subjects=10)
    assert score_subjects(table, ("macro_f1",))["macro_f1"].kept == 10


def test_one_subject_has_a_score_but_no_interval():
    interval = score_subjects(draw_predictions(subjects=1, skill=1.0))["accuracy"]
    assert interval.value == 1.0
    assert np.isnan([interval.low, interval.high]).all()
    assert interval.kept == 0


def test_without_labels_nothing_is_scored():
    table = draw_predictions().assign(y_true=pd.array([pd.NA] * 120, dtype="Int64"))
    intervals = score_subjects(table)
    assert list(intervals) == list(measured())
    assert np.isnan([interval.value for interval in intervals.values()]).all()


def test_difference_of_a_run_with_itself_is_zero():
    table = draw_predictions()
    interval = paired_difference(table, table)
    assert (interval.value, interval.reason) == (0.0, "all subjects alike")


def test_difference_is_that_of_the_seed_means():
    good, weak = draw_predictions(skill=0.8, seeds=(0, 1, 2), seed=1), draw_predictions(skill=0.4, seed=2)
    interval = paired_difference(good, weak)
    scores = [score_subjects(table)["balanced_accuracy"].value for table in (good, weak)]
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
    alone = score_subjects(a, ("accuracy",))["accuracy"]
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


@pytest.mark.parametrize(("column", "spelt"), [("dataset", "AI4Pain"), ("subject", "s1"), ("clip", "S01 - 000")])
def test_names_that_two_runs_spell_otherwise_are_told(column, spelt):
    table = draw_predictions((2, 2), subjects=3)
    right = {"dataset": "ai4pain", "subject": "S01", "clip": "S01-000"}[column]
    other = table.assign(**{column: table[column].replace(right, spelt)})
    with pytest.raises(UserError, match=f"2 classes; the {column} '{right}' of one may be '{spelt}' of the other"):
        require_same_clips(table, other)
    with pytest.raises(UserError, match=r"2 classes\n"):
        require_same_clips(table, table.assign(**{column: table[column].replace(right, "another")}))
