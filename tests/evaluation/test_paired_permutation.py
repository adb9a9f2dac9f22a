from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.baselines import prior_draw_run
from transferpain.evaluation.comparisons import subject_scores, wilcoxon_test
from transferpain.evaluation.metrics.registry import COMPARED
from transferpain.evaluation.paired_permutation import SWAPS, smallest_p, swap_test
from transferpain.evaluation.statistics import paired_difference, score_subjects


def swapped(a, b, subjects):
    """Return both runs with the named subjects exchanged."""
    other = {"a": a.set_index(["clip", "seed"]), "b": b.set_index(["clip", "seed"])}
    sides = []
    for own, foreign in (("a", "b"), ("b", "a")):
        mine = other[own].copy()
        rows = mine["subject"].isin(subjects)
        mine.loc[rows, "y_pred"] = other[foreign].loc[mine.index[rows], "y_pred"]
        sides.append(mine.reset_index())
    return sides


@pytest.mark.parametrize("metric", sorted(COMPARED))
def test_it_counts_what_a_plain_loop_over_all_swaps_counts(metric):
    a, b = (draw_predictions((3, 2, 1), subjects=5, seeds=(0, 1), seed=seed) for seed in (1, 2))
    names = sorted(a["subject"].unique())
    gaps = []
    for chosen in product([False, True], repeat=5):
        sides = swapped(a, b, [name for name, one in zip(names, chosen, strict=True) if one])
        gaps.append(np.subtract(*(score_subjects(side, (metric,))[metric].value for side in sides)))
    test = swap_test(a, b, metric)
    assert test.difference == pytest.approx(gaps[0]) == pytest.approx(paired_difference(a, b, metric).value)
    assert test.p == pytest.approx(np.mean(np.abs(gaps) >= abs(gaps[0]) - 1e-9))
    assert (test.subjects, test.method) == (5, "exact")


def test_a_constant_answer_gains_nothing_on_draws_from_the_prior():
    """Most subjects have few of seven levels: per subject the constant answer looks better, pooled it is not."""
    generator = np.random.default_rng(0)
    shares = np.array([0.55, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02])
    table = draw_predictions((4,) * 7, subjects=25)
    labels = [
        generator.choice(7, 28, p=np.where(np.arange(7) < levels, shares, 0) / shares[:levels].sum())
        for levels in generator.choice([1, 2, 3, 7], 25)
    ]
    table = table.assign(y_true=pd.array(np.concatenate(labels), dtype="Int64"), y_pred=0)
    draws = prior_draw_run(table, shares)
    test = swap_test(table, draws)
    assert test.difference == pytest.approx(0, abs=0.01)
    assert test.p > 0.2
    everyone = pd.Series(1, index=table.index).groupby(table["subject"]).size()
    assert len(subject_scores([table, draws])) < len(everyone) / 2


def test_many_differing_subjects_are_swapped_at_random_and_alike_each_time():
    good, weak = (draw_predictions(subjects=20, skill=skill, seed=seed) for skill, seed in ((0.9, 1), (0.5, 2)))
    test = swap_test(good, weak)
    assert test == swap_test(good.sample(frac=1, random_state=0), weak)
    assert 1 / (SWAPS + 1) <= test.p < 0.001
    assert test.method == "20,000 swaps at random"
    reverse = swap_test(weak, good)
    assert (reverse.difference, reverse.p) == (pytest.approx(-test.difference), pytest.approx(test.p))


@pytest.mark.slow
def test_equally_good_runs_are_called_different_no_more_often_than_they_may():
    p_values = []
    for seed in range(200):
        a, b = (draw_predictions((3, 3), subjects=9, spread=0.3, seed=2 * seed + side) for side in (0, 1))
        p_values.append(swap_test(a, b).p)
    assert np.mean(np.array(p_values) < 0.05) < 0.1
    assert 0.35 < np.mean(p_values) < 0.7


def test_more_seeds_of_one_run_do_not_change_what_is_compared():
    table = draw_predictions(subjects=9, seed=1)
    three = pd.concat([table.assign(seed=seed) for seed in range(3)])
    other = draw_predictions(subjects=9, seed=2)
    for metric in ("balanced_accuracy", "macro_f1"):
        assert swap_test(three, other, metric).p == pytest.approx(swap_test(table, other, metric).p)


def test_a_run_and_itself_do_not_differ():
    table = draw_predictions(subjects=9)
    test = swap_test(table, table)
    assert (test.difference, test.p, test.differing, test.smallest_p) == (0, 1, 0, 1)
    assert "No subject differs" in test.reason


def test_one_subject_and_one_class_still_have_an_answer():
    one = draw_predictions(subjects=1, seed=1), draw_predictions(subjects=1, seed=2)
    assert swap_test(*one).p == 1
    a, b = (draw_predictions((5, 0), subjects=8, seed=seed) for seed in (1, 2))
    assert 0 < swap_test(a, b).p <= 1


def test_ties_count_as_reached():
    a = draw_predictions((2, 2), subjects=6, skill=1.0)
    b = a.assign(y_pred=np.where(a.groupby("subject").cumcount() == 0, 1 - a["y_pred"], a["y_pred"]))
    test = swap_test(a, b)
    assert (test.p, test.differing) == (smallest_p(6), 6) == (2 / 2**6, 6)


def test_without_a_label_there_is_no_test():
    table = draw_predictions().assign(y_true=pd.array([pd.NA] * 120, dtype="Int64"))
    assert swap_test(table, table) is None


def test_runs_on_other_clips_are_refused():
    table = draw_predictions()
    with pytest.raises(UserError, match="cannot be paired"):
        swap_test(table, table[table["subject"] != "S03"])


def test_wilcoxon_stands_on_subjects_with_every_class():
    a, b = (draw_predictions((3, 3), subjects=12, skill=skill, seed=1) for skill in (0.9, 0.4))
    keep = ~((a["subject"] < "S04") & (a["y_true"] == 1))
    scores = subject_scores([a[keep], b[keep]])
    assert list(scores.index) == [f"ai4pain/S{number:02d}" for number in range(4, 12)]
    assert wilcoxon_test(scores[0].to_numpy(), scores[1].to_numpy()).subjects == 8
    assert len(subject_scores([a[keep], b[keep]], "accuracy")) == 12
