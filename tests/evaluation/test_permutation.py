import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.permutation import (
    WIDER,
    permute_within_subjects,
    permuted_scores,
    share_reaching,
    widen,
)


def by_identity(subjects=12, clips=10) -> pd.DataFrame:
    """Draw a run that only knows the person: each subject has one answer, right for most of the subject's clips."""
    table = draw_predictions((clips // 2, clips // 2), subjects=subjects, skill=1.0)
    person = table["subject"].str[1:].astype(int)
    usual = (person % 2).to_numpy()
    position = table.groupby("subject").cumcount().to_numpy()
    table["y_true"] = pd.array(np.where(position < clips * 0.8, usual, 1 - usual), dtype="Int64")
    return table.assign(y_pred=usual)


def test_a_run_that_sees_the_class_beats_permuted_labels():
    test = permute_within_subjects(draw_predictions((4, 4, 4), skill=0.7, seeds=(0, 1)), draws=500)
    assert test.observed == pytest.approx(0.7, abs=0.1)
    assert test.mean == pytest.approx(1 / 3, abs=0.02)
    assert test.p == pytest.approx(2 / 501)


def test_a_run_that_knows_only_the_person_does_not():
    table = by_identity()
    test = permute_within_subjects(table, draws=200)
    assert test.observed == pytest.approx(0.8)
    assert (test.mean, test.p) == (test.observed, 1.0)


def test_p_is_even_without_any_skill():
    values = [permute_within_subjects(draw_predictions(skill=1 / 3, seed=seed), draws=200).p for seed in range(60)]
    assert 0.35 < np.mean(values) < 0.65
    assert np.mean(np.array(values) < 0.05) <= 0.15


def test_the_exact_share_of_permutations():
    """Three subjects with two clips: of eight orders one is right, and one is wrong everywhere."""
    table = draw_predictions((1, 1), subjects=3, skill=1.0)
    assert permute_within_subjects(table, draws=4000).p == pytest.approx(2 / 8, abs=0.03)
    turned = table.assign(y_pred=1 - table["y_pred"])
    assert permute_within_subjects(turned, draws=4000).p == pytest.approx(2 / 8, abs=0.03)


def test_the_same_seed_gives_the_same_answer():
    table = draw_predictions(skill=0.4)
    assert permute_within_subjects(table, draws=100) == permute_within_subjects(table.sample(frac=1), draws=100)
    assert permute_within_subjects(table, draws=100, seed=1) != permute_within_subjects(table, draws=100)


def test_seeds_of_a_run_are_permuted_together():
    table = draw_predictions(skill=0.6)
    both = pd.concat([table, table.assign(seed=1)], ignore_index=True)
    assert permute_within_subjects(both, draws=100) == permute_within_subjects(table, draws=100)


def test_subjects_of_one_class_leave_nothing_to_permute():
    table = by_identity()
    table["y_true"] = pd.array(table["y_pred"], dtype="Int64")
    test = permute_within_subjects(table)
    assert test.observed == 1.0
    assert np.isnan(test.p)


def test_series_keep_their_neighbours():
    """Labels and answers that each change once a subject: shuffled labels find skill where shifted ones find none."""
    table = draw_predictions((20, 20), subjects=4, skill=1.0)
    position = table.groupby("subject").cumcount().to_numpy()
    answers = np.where((position + 7) % 40 < 20, 0, 1)
    shuffled, shifted = (
        permute_within_subjects(table.assign(y_pred=answers), in_series=in_series, draws=1000)
        for in_series in (False, True)
    )
    assert shuffled.observed == shifted.observed == pytest.approx(1 - 14 / 40)
    assert shuffled.p < 0.01
    assert shifted.p > 0.05
    assert shifted.mean == pytest.approx(0.5, abs=0.02)


def test_a_series_answered_right_beats_shifted_labels():
    table = draw_predictions((20, 20), subjects=4, skill=1.0)
    assert permute_within_subjects(table, in_series=True, draws=1000).p < 0.01


def test_refuses_a_run_without_a_label():
    table = draw_predictions()
    table["y_true"] = pd.array([pd.NA] * len(table), dtype="Int64")
    with pytest.raises(UserError, match="nothing to permute"):
        permute_within_subjects(table)


def in_folds(table: pd.DataFrame, folds: int) -> pd.DataFrame:
    return table.assign(fold=table["subject"].str[1:].astype(int) % folds)


def learned_from_neighbours(seed: int, people=16, clips=6) -> pd.DataFrame:
    """Draw a run that is left one subject out and knows nothing: a clip has the label of its like of a partner."""
    table = draw_predictions((clips // 2, clips // 2), subjects=people, seed=seed)
    generator = np.random.default_rng(seed)
    y = np.stack([generator.permutation(clips) % 2 for _ in range(people)])
    partner = y.reshape(people // 2, 2, clips)[:, ::-1].ravel()
    return in_folds(table.assign(y_true=pd.array(y.ravel(), dtype="Int64"), y_pred=partner), people)


def test_permutations_of_a_cross_validation_lie_further_from_their_mean():
    table = in_folds(draw_predictions(skill=0.45), 5)
    observed, scores = permuted_scores(table, draws=300)
    same, fixed = permuted_scores(table, cross_validated=False, draws=300)
    assert observed == same
    assert scores.mean() == pytest.approx(fixed.mean())
    assert scores.std() == pytest.approx(WIDER * fixed.std())
    test = permute_within_subjects(table, draws=300)
    assert test.widened
    assert test.p == 2 * share_reaching(widen(fixed), observed) > 2 * share_reaching(fixed, observed)


def test_one_fixed_test_part_is_not_widened():
    table = draw_predictions(skill=0.4)
    test = permute_within_subjects(table, draws=300)
    assert not test.widened
    assert test == permute_within_subjects(in_folds(table, 5), cross_validated=False, draws=300)
    # Folds of clips that have no label are no cross-validation.
    other = table.assign(fold=1, subject="X" + table["subject"], y_true=pd.array([pd.NA] * len(table), dtype="Int64"))
    assert not permute_within_subjects(pd.concat([table, other], ignore_index=True), draws=300).widened


def test_answers_that_know_only_the_person_stay_at_one():
    assert permute_within_subjects(in_folds(by_identity(), 4), draws=200).p == 1.0


def test_a_cross_validated_run_that_sees_the_class_still_beats_permuted_labels():
    table = in_folds(draw_predictions((4, 4, 4), skill=0.7), 5)
    assert permute_within_subjects(table, draws=500).p == pytest.approx(2 / 501)


def test_the_share_counts_ties_and_the_true_order():
    assert share_reaching(np.array([0.4, 0.5, 0.6]), 0.5 + 1e-14) == 3 / 4


@pytest.mark.slow
def test_what_learned_from_other_tested_subjects_is_above_chance_no_oftener_than_p_says():
    """At .05, 400 runs that know nothing miss 20 times; 34 or more would be found once in five hundred."""
    runs = [learned_from_neighbours(seed) for seed in range(400)]
    missed = sum(permute_within_subjects(run, draws=199).p <= 0.05 for run in runs)
    as_given = sum(permute_within_subjects(run, cross_validated=False, draws=199).p <= 0.05 for run in runs)
    assert missed < 34 <= as_given
