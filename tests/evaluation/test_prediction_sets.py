"""Prediction sets: p-values by hand, the promise kept for new people, and broken for people of another kind."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.prediction_sets import (
    ALL,
    chances,
    fewest_subjects,
    keep_intervals,
    keep_sets,
    sets_of,
)
from transferpain.evaluation.predictions import subject_names

CLASSES = 3


@pytest.mark.parametrize(("promised", "needed"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_so_many_subjects_are_needed(promised, needed):
    assert fewest_subjects(promised) == needed
    # One fewer, and the p-value of even the least likely answer is not below what is allowed.
    assert 1 / (1 + needed) <= 1 - promised + 1e-9 < 1 / needed


def test_chances_count_people_and_not_their_samples():
    # Three people: one with four samples, of which one is as unlike as the tested, two with one each.
    calibration = np.array([0.1, 0.2, 0.3, 0.9, 0.5, 0.8])
    subjects = np.array(["a", "a", "a", "a", "b", "c"])
    found = chances(calibration, subjects, np.array([0.0, 0.6, 0.9, 1.0]))
    np.testing.assert_allclose(found, [4 / 4, (1 + 1 / 4 + 1) / 4, (1 + 1 / 4) / 4, 1 / 4])


def test_of_people_with_one_sample_it_is_the_rank():
    random = np.random.default_rng(0)
    calibration, tested = random.random(30), random.random(50)
    expected = [(1 + (calibration >= one).sum()) / 31 for one in tested]
    np.testing.assert_allclose(chances(calibration, np.arange(30), tested), expected)


def people(number: int, seed: int, clips=(4, 4, 4), hardness=0.0, fold="a") -> pd.DataFrame:
    """Draw answers of people who differ in how clearly their faces answer; with `hardness` all of them less clearly."""
    random = np.random.default_rng(seed)
    truth = np.tile(np.repeat(np.arange(CLASSES), clips), number)
    subject = np.repeat(np.arange(number), sum(clips))
    clearness = np.repeat(random.normal(1.5 - hardness, 1.5, number), sum(clips))
    logits = random.normal(0, 1, (len(truth), CLASSES)) + clearness[:, None] * np.eye(CLASSES)[truth]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return pd.DataFrame(shares, columns=[f"p_{one}" for one in range(CLASSES)]).assign(
        dataset="drawn",
        subject=[f"{seed}-{one}" for one in subject],
        clip=[f"c{row}" for row in range(len(truth))],
        frame=-1,
        fold=fold,
        seed=0,
        coverage=1.0,
        y_true=pd.array(truth, dtype="Int64"),
        y_pred=shares.argmax(axis=1),
    )


@pytest.mark.parametrize("promised", [0.8, 0.9])
def test_the_promise_is_kept_for_new_people_of_the_same_kind(promised):
    covered, by_class, numbers = [], [], []
    for world in range(60):
        tested, selected = people(20, 2 * world), people(19, 2 * world + 1)
        kept = keep_sets(tested, selected, promised)
        covered.append(kept[ALL].figures["covered"].value)
        by_class.append([kept[one].figures["covered"].value for one in range(CLASSES)])
        numbers.append(keep_intervals(tested, selected, promised).figures["covered"].value)
    for found in (np.array(covered), *np.array(by_class).T, np.array(numbers)):
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert promised - 3 * error < found.mean() < promised + 0.08


def test_it_is_broken_by_people_of_another_kind():
    broken = [keep_sets(people(20, world, hardness=2.0), people(30, 1000 + world), 0.9) for world in range(10)]
    assert np.mean([kept[ALL].figures["covered"].value for kept in broken]) < 0.8


def test_samples_that_are_taken_for_people_break_the_promise():
    """Why people are counted: forty alike samples of each of nine people say little of a tenth."""
    counted, pooled = [], []
    for world in range(80):
        tested, selected = people(20, 2 * world, (0, 40, 0)), people(9, 2 * world + 1, (0, 40, 0))
        for found, subjects in ((counted, selected["subject"]), (pooled, range(len(selected)))):
            p = chances(1 - selected["p_1"].to_numpy(), np.array(subjects), 1 - tested["p_1"].to_numpy())
            found.append((p > 0.1 + 1e-9).mean())
    assert np.mean(counted) > 0.89
    assert np.mean(pooled) < np.mean(counted) - 0.02


def test_sets_are_those_of_their_own_fold_and_seed():
    tested = pd.concat([people(4, 0, fold="a"), people(4, 1, fold="b")], ignore_index=True)
    selected = pd.concat([people(12, 2, fold="a"), people(12, 3, fold="b")], ignore_index=True)
    inside, calibrated = sets_of(tested, selected, 0.9)
    alone, _ = sets_of(people(4, 1, fold="b"), people(12, 3, fold="b"), 0.9)
    np.testing.assert_array_equal(inside[48:], alone)
    assert (calibrated == 12).all()


def test_tested_labels_change_no_set():
    tested, selected = people(6, 0), people(12, 1)
    other = tested.assign(y_true=tested["y_true"].to_numpy()[::-1])
    np.testing.assert_array_equal(sets_of(tested, selected, 0.9)[0], sets_of(other, selected, 0.9)[0])


def test_too_few_people_promise_nothing_and_the_number_is_named():
    kept = keep_sets(people(10, 0), people(8, 1), 0.9)[ALL]
    assert (kept.figures, kept.calibrated_on) == ({}, 8)
    assert kept.reason == "calibrated on 8 subjects, and 90% needs 9"
    assert keep_sets(people(10, 0), people(8, 1), 0.8)[ALL].figures["covered"].value > 0.7
    assert keep_intervals(people(10, 0), people(8, 1), 0.9).reason == kept.reason


def test_a_class_without_calibration_promises_nothing():
    selected = people(12, 1)
    kept = keep_sets(people(10, 0), selected[selected["y_true"] != 2], 0.9)
    assert kept[0].reason == kept[1].reason == ""
    assert kept[2].reason == kept[ALL].reason == "calibrated on 0 subjects, and 90% needs 9"


def test_a_class_without_calibration_cannot_be_ruled_out_as_one_with_a_single_person_cannot():
    tested, selected = people(10, 0), people(12, 1)
    others, of_last = selected[selected["y_true"] != 2], selected[selected["y_true"] == 2]
    without, calibrated = sets_of(tested, others, 0.9)
    alone = of_last[of_last["subject"] == of_last["subject"].iloc[0]]
    with_one, _ = sets_of(tested, pd.concat([others, alone], ignore_index=True), 0.9)
    assert without[:, 2].all()
    assert (calibrated[:, 2] == 0).all()
    np.testing.assert_array_equal(without, with_one)
    assert keep_sets(tested, others, 0.9)[0].figures["empty"].value == 0


def test_a_class_that_does_not_occur_is_not_missed():
    tested, selected = people(10, 0, clips=(4, 4, 0)), people(12, 1, clips=(4, 4, 0))
    kept = keep_sets(tested, selected, 0.9)
    assert list(kept) == [ALL, 0, 1]
    assert kept[ALL].reason == ""


def test_without_selected_rows_nothing_is_promised():
    tested = draw_predictions()
    assert keep_sets(tested, tested.head(0), 0.9)[ALL].reason == "calibrated on 0 subjects, and 90% needs 9"


def test_sizes_are_those_of_the_sets():
    tested, selected = people(10, 0), people(12, 1)
    inside, _ = sets_of(tested, selected, 0.9)
    figures = keep_sets(tested, selected, 0.9)[ALL].figures
    assert figures["size"].value == pytest.approx(inside.sum(axis=1).mean())
    assert figures["empty"].value == pytest.approx((inside.sum(axis=1) == 0).mean())
    assert figures["single"].value == pytest.approx((inside.sum(axis=1) == 1).mean())
    assert figures["size"].low < figures["size"].value < figures["size"].high


def test_each_subject_has_the_share_of_its_samples_that_is_covered():
    tested, selected = people(10, 0), people(12, 1)
    inside, _ = sets_of(tested, selected, 0.9)
    covered = pd.Series(inside[np.arange(len(tested)), tested["y_true"].to_numpy(int)])
    shares = covered.groupby(subject_names(tested)).mean()
    kept = keep_sets(tested, selected, 0.9)
    assert kept[ALL].by_subject == pytest.approx(shares.to_dict())
    assert kept[ALL].worst == pytest.approx(shares.min())
    own = tested["y_true"].to_numpy(int) == 0
    shares = covered[own].groupby(subject_names(tested)[own]).mean()
    assert kept[0].by_subject == pytest.approx(shares.to_dict())


def test_more_is_promised_by_larger_sets_and_wider_intervals():
    tested, selected = people(10, 0), people(25, 1)
    small, large = (sets_of(tested, selected, promised)[0] for promised in (0.8, 0.9))
    assert (small <= large).all()
    assert small.sum() < large.sum()
    narrow, wide = (keep_intervals(tested, selected, promised).figures["width"].value for promised in (0.8, 0.9))
    assert 0 < narrow < wide <= CLASSES - 1
