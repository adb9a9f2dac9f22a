"""What every metric of the registry keeps to."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_counts, draw_predictions
from transferpain.evaluation.metrics.metric import statistic_of
from transferpain.evaluation.metrics.registry import COMPARED, HEADLINES, METRICS, OF_SUBJECTS, measured, metrics_of
from transferpain.evaluation.resampling import Answers, jackknife, read_answers, score_whole

EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
QUALITIES = [metric for metric in METRICS.values() if metric.larger_is_better is not None]


def whole(metric, table):
    """Score a run seed by seed, `(seeds,)`."""
    answers = read_answers(table)
    return score_whole(statistic_of([metric], answers), answers.subjects)[metric.name]


def answered(table, y_pred):
    """Let a run answer these classes, and be certain of them."""
    table = table.assign(y_pred=np.asarray(y_pred, dtype=np.int64))
    classes = sum(column.startswith("p_") for column in table)
    return table.assign(**{f"p_{number}": (table["y_pred"] == number).astype(float) for number in range(classes)})


@EVERY
def test_says_what_it_is(metric):
    assert metric.title
    assert metric.bounds[0] < metric.bounds[1]
    assert (metric.measure is None) != (metric.statistic is None)
    assert metric.headline is None or metric.needs == "answers"


@pytest.mark.parametrize("metric", QUALITIES, ids=lambda metric: metric.name)
def test_a_perfect_answer_has_the_best_value_and_another_has_not(metric):
    table = draw_predictions((5, 3, 2), seeds=(0, 1))
    best = metric.bounds[metric.larger_is_better]
    assert whole(metric, answered(table, table["y_true"])) == pytest.approx([best, best])
    wrong = whole(metric, answered(table, (table["y_true"].astype(int) + 1) % 3))
    assert (wrong < best - 0.1).all() if metric.larger_is_better else (wrong > best + 0.1).all()


@pytest.mark.parametrize("metric", [one for one in METRICS.values() if one not in QUALITIES], ids=lambda one: one.name)
def test_a_yardstick_does_not_depend_on_the_answers(metric):
    table = draw_predictions((5, 3, 2))
    assert whole(metric, table) == whole(metric, answered(table, table["y_true"]))


@EVERY
@pytest.mark.parametrize("seed", range(5))
def test_is_within_its_bounds(metric, seed):
    table = draw_predictions((3, 2, 1), subjects=4, skill=seed / 4, seed=seed)
    for run in (table, answered(table, table["y_pred"])):
        (value,) = whole(metric, run)
        assert metric.bounds[0] - 1e-9 <= value <= metric.bounds[1] + 1e-9


@EVERY
def test_the_order_of_rows_and_the_names_of_subjects_do_not_matter(metric):
    table = draw_predictions((5, 3, 2), seeds=(0, 1), spread=0.2)
    names = {f"S{number:02d}": f"X{(7 * number) % 10}" for number in range(10)}
    shuffled = table.assign(subject=table["subject"].map(names)).sample(frac=1, random_state=0)
    assert whole(metric, shuffled) == pytest.approx(whole(metric, table))


@EVERY
def test_is_the_same_bit_for_bit_the_second_time_and_beside_other_metrics(metric):
    table = draw_predictions((5, 3, 2), seeds=(0, 1))
    answers = read_answers(table)
    alone = jackknife(statistic_of([metric], answers), answers.subjects)[metric.name]
    together = jackknife(statistic_of(list(METRICS.values()), answers), answers.subjects)
    assert list(together) == list(METRICS)
    assert repr(together[metric.name]) == repr(alone)  # NaN equals itself


@EVERY
def test_subjects_that_count_often_score_as_their_repeated_clips_do(metric):
    table = draw_predictions((3, 2, 2), subjects=6, spread=0.2)
    answers = read_answers(table)
    times = draw_counts(6, 10, seed=1)
    found = statistic_of([metric], answers)(times)[metric.name][:, 0]
    for draw, repeats in enumerate(times.astype(int)):
        copies = [
            rows.assign(clip=rows["clip"] + f"-{copy}")
            for subject, (_, rows) in enumerate(table.groupby("subject"))
            for copy in range(repeats[subject])
        ]
        assert found[draw] == pytest.approx(whole(metric, pd.concat(copies))[0])


@pytest.fixture(scope="module")
def short_runs() -> list[Answers]:
    """Runs of one subject with three clips, whose labels and answers are drawn from two of three classes."""
    generator = np.random.default_rng(0)
    table = draw_predictions((1, 1, 1), subjects=1)
    runs = []
    for _ in range(50):
        labels, classes = generator.integers(0, 2, (2, 3))
        runs.append(read_answers(answered(table.assign(y_true=pd.array(labels, dtype="Int64")), classes)))
    return runs


@EVERY
def test_a_reason_stands_exactly_where_a_score_is_missing(metric, short_runs):
    for run in short_runs:
        missing = np.isnan(score_whole(statistic_of([metric], run), run.subjects)[metric.name])[0]
        assert missing == (metric.why_undefined(run) is not None), (run.y_true, run.y_pred)


@EVERY
def test_labels_of_one_class_leave_no_score_that_compares_classes(metric):
    table = draw_predictions(subjects=3)
    table = table.assign(y_true=pd.array([1] * len(table), dtype="Int64"))
    of_numbers = {name + ending for name in ("icc", "pcc", "ccc") for ending in ("", "_expected")}
    missing = {"auc", "quadratic_kappa", *of_numbers}
    assert np.isnan(whole(metric, table)).all() == (metric.name in missing)


@pytest.mark.parametrize("metric", measured().values(), ids=list(measured()))
def test_a_draw_that_lost_a_class_does_not_count(metric):
    table = draw_predictions((2, 2), subjects=2)
    table["y_true"] = pd.array((table["subject"] == "S01").astype(int), dtype="Int64")
    found = statistic_of([metric], read_answers(table))(np.array([[1.0, 1.0], [2.0, 0.0]]))[metric.name]
    assert np.isnan(found[:, 0]).tolist() == [False, True]


def test_the_lists_of_the_tables_follow_from_the_registry():
    assert {"balanced_accuracy", "macro_f1", "accuracy", "majority_class_accuracy"} <= set(HEADLINES)
    assert set(HEADLINES) - set(COMPARED) >= {"majority_class_accuracy"}
    assert all(METRICS[name].measure for name in COMPARED)
    assert list(OF_SUBJECTS) == [name for name in COMPARED if METRICS[name].headline]
    assert set(COMPARED) - set(OF_SUBJECTS) == {"quadratic_kappa"}
    assert set(metrics_of("answers")) | set(metrics_of("probabilities")) | set(metrics_of("levels")) == set(METRICS)
