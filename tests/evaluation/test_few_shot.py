import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.few_shot import (
    apply_calibration,
    calibrate_subjects,
    calibration_curve,
    fit_calibration,
)
from transferpain.evaluation.predictions import CLIP
from transferpain.evaluation.statistics import score_subjects


def overconfident(clips: int, temperature: float, bias) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities whose truth is softmax(logits / temperature + bias)."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(clips, 3)) * 4
    truth = softmax(logits / temperature + np.array(bias), axis=1)
    labels = (truth.cumsum(axis=1) < generator.random(clips)[:, None]).sum(axis=1)
    return softmax(logits, axis=1), labels


def biased_subjects(clips_per_class=(10, 10)) -> pd.DataFrame:
    """A run that leans towards one class, another one for each subject: uncalibrated it answers nothing else."""
    table = draw_predictions(clips_per_class, subjects=12, skill=0.9, seeds=(0, 1))
    leaning = table["subject"].str[1:].astype(int) % 2
    logits = 1.5 * (2 * table["y_pred"] - 1) + 4.0 * (2 * leaning - 1)
    p_1 = 1 / (1 + np.exp(-logits))
    return table.assign(p_0=1 - p_1, p_1=p_1, y_pred=(p_1 > 0.5).astype(int))


def test_without_a_clip_nothing_changes():
    probabilities, labels = overconfident(50, 3.0, [0, 0, 0])
    calibration = fit_calibration(probabilities[:0], labels[:0])
    assert (calibration.temperature, list(calibration.bias)) == (1.0, [0, 0, 0])
    np.testing.assert_allclose(apply_calibration(calibration, probabilities), probabilities, atol=1e-7)


def test_many_clips_recover_temperature_and_bias():
    probabilities, labels = overconfident(20_000, 3.0, [1.0, 0.0, -1.0])
    calibration = fit_calibration(probabilities, labels)
    assert calibration.temperature == pytest.approx(3.0, rel=0.05)
    np.testing.assert_allclose(calibration.bias - calibration.bias.mean(), [1, 0, -1], atol=0.1)


def test_one_clip_moves_a_little_and_in_the_right_direction():
    certain = np.array([[0.999, 0.001]])
    calibrated = apply_calibration(fit_calibration(certain, np.array([1])), certain)
    assert certain[0, 1] < calibrated[0, 1] < 0.5


def test_probabilities_of_0_and_1_stay_finite():
    calibration = fit_calibration(np.eye(2), np.array([1, 1]))
    assert np.isfinite(apply_calibration(calibration, np.eye(2))).all()


def test_every_k_is_tested_on_the_same_clips_and_none_of_them_was_shown():
    table = biased_subjects()
    tables = calibrate_subjects(table, (0, 1, 2, 5, 10))
    tested = [set(map(tuple, answered[CLIP].to_numpy())) for answered in tables.values()]
    assert all(clips == tested[0] for clips in tested)
    assert len(tested[0]) == 12 * (20 - 10)
    assert all(len(answered) == 2 * len(tested[0]) for answered in tables.values())  # two seeds


def test_the_shown_clips_take_the_classes_in_turn():
    tested = calibrate_subjects(biased_subjects(), (10,))[10]
    left = tested[tested["seed"] == 0].groupby(["subject", "y_true"]).size()
    assert (left == 5).all()


def test_tested_clips_do_not_change_each_others_answers():
    table = biased_subjects()
    answered = calibrate_subjects(table, (5,))[5]
    one = answered["clip"].iloc[0]
    other = table.assign(p_0=table["p_0"].where(table["clip"] != one, 0.99))
    again = calibrate_subjects(other, (5,))[5]
    pd.testing.assert_frame_equal(again[again["clip"] != one], answered[answered["clip"] != one])


def test_without_calibration_the_scores_are_the_runs_own():
    table = biased_subjects()
    answered = calibrate_subjects(table, (0, 5))[0]
    own = table.merge(answered[[*CLIP, "seed"]], on=[*CLIP, "seed"])
    metric = "balanced_accuracy"
    assert score_subjects(answered)[metric].value == score_subjects(own)[metric].value


def test_more_clips_undo_the_lean_of_each_subject():
    curve = calibration_curve(biased_subjects())
    values = [curve.scores[k].value for k in (0, 1, 2, 5, 10)]
    assert values[0] == pytest.approx(0.5, abs=0.02)
    assert values[-1] > 0.8
    assert values[-1] > values[2] >= values[0]
    assert (curve.subjects, curve.left_out, curve.clips, curve.reason) == (12, 0, 120, "")


def test_subjects_with_too_few_clips_are_left_out_and_counted():
    table = biased_subjects()
    short = table[~((table["subject"] < "S03") & (table.groupby(["subject", "seed"]).cumcount() >= 10))]
    curve = calibration_curve(short)
    assert (curve.subjects, curve.left_out) == (9, 3)
    assert "3 of 12 subjects cannot give 10" in curve.reason


def test_nobody_with_enough_clips_is_no_curve():
    curve = calibration_curve(biased_subjects((5, 5)))
    assert (curve.scores, curve.subjects, curve.clips) == (None, 0, 0)
    assert "12 of 12" in curve.reason


def without_skill(clips_per_class, *, subjects=12, seeds=range(8), seed=0) -> pd.DataFrame:
    """A head that knows nothing: its answers are drawn without a look at the label."""
    table = draw_predictions(clips_per_class, subjects=subjects, seeds=seeds)
    p_1 = np.random.default_rng(seed).random(len(table))
    return table.assign(p_0=1 - p_1, p_1=p_1, y_pred=(p_1 > 0.5).astype(int))


@pytest.mark.parametrize("clips_per_class", [(1, 12), (3, 12)])
def test_a_head_at_chance_stays_there_for_every_k(clips_per_class):
    curve = calibration_curve(without_skill(clips_per_class))
    assert list(curve.scores) == [0, 1, 2, 5, 10]
    for score in curve.scores.values():
        assert score.value == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("clips_per_class", [(2, 2), (3, 2), (6, 6)])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_is_left_does_not_tell_what_was_shown(clips_per_class, number):
    table = draw_predictions(clips_per_class, seeds=(0, 1)).assign(p_0=0.5, p_1=0.5)
    if sum(clips_per_class) - 2 >= number:
        curve = calibration_curve(table, numbers=(0, number))
        assert [score.value for score in curve.scores.values()] == [0.5, 0.5]


def test_no_subject_loses_a_class_and_the_mix_of_what_is_left_is_its_own():
    table = draw_predictions((4, 12), seeds=(0,))
    tested = calibrate_subjects(table, (0, 8))[8]
    assert (tested.groupby(["subject", "y_true"]).size().unstack() == [2, 6]).all(axis=None)
    alone = calibrate_subjects(draw_predictions((1, 12), seeds=(0,)), (0, 10))[0]
    assert (alone.groupby(["subject", "y_true"]).size().unstack() == [1, 2]).all(axis=None)


def test_what_was_selected_on_is_nobodys_calibration():
    table = biased_subjects().assign(part="test")
    selected = table.assign(part="selection", p_0=0.99, p_1=0.01)
    # Written down, NaN equals itself.
    assert repr(calibration_curve(pd.concat([table, selected]))) == repr(calibration_curve(table))


def test_a_class_that_some_subjects_lack_is_no_fault_of_theirs():
    table = biased_subjects()
    lacks = table[~((table["subject"] < "S03") & (table["y_true"] == 0))]
    curve = calibration_curve(lacks, numbers=(0, 5))
    assert (curve.subjects, curve.left_out, curve.reason) == (12, 0, "")
    assert curve.clips == 9 * 15 + 3 * 5


def test_no_curve_where_a_class_would_leave_the_test():
    table = biased_subjects((1, 12))
    poor = (table["subject"] < "S10") & (table["y_true"] == 0)  # only S10 and S11 show class 0 ...
    short = (table["subject"] >= "S10") & (table["y_true"] == 1) & (table.groupby(["subject", "seed"]).cumcount() > 4)
    curve = calibration_curve(table[~poor & ~short])  # ... and they have too few clips
    assert curve.scores is None
    assert (curve.subjects, curve.left_out) == (0, 12)
    assert curve.lost == (0,)


def test_no_curve_of_a_single_class():
    table = biased_subjects()
    curve = calibration_curve(table[table["y_true"] == 1])
    assert curve.scores is None
    assert "not of two classes" in curve.reason


def test_one_subject_has_a_curve_without_bounds():
    curve = calibration_curve(biased_subjects()[lambda rows: rows["subject"] == "S00"])
    assert (curve.subjects, curve.clips) == (1, 10)
    assert all(np.isnan(score.low) for score in curve.scores.values())


def test_subjects_with_one_clip_have_none_to_show():
    table = draw_predictions((6, 6), subjects=1, seeds=(0,))
    table["subject"] = table["clip"]
    curve = calibration_curve(table, numbers=(0, 1))
    assert (curve.scores, curve.left_out) == (None, 12)
    assert "12 of 12 subjects cannot give 1 " in curve.reason


def test_clips_without_a_face_stay_at_chance():
    table = draw_predictions((8, 8), seeds=(0, 1)).assign(p_0=0.3, p_1=0.7, y_pred=1, coverage=0.0)
    curve = calibration_curve(table, numbers=(0, 1, 2, 5))
    assert [score.value for score in curve.scores.values()] == [0.5] * 4


def test_the_gain_is_paired_over_the_same_clips():
    curve = calibration_curve(biased_subjects())
    assert list(curve.gains) == [1, 2, 5, 10]
    assert curve.gains[10].value == pytest.approx(curve.scores[10].value - curve.scores[0].value)
    assert curve.gains[10].low > 0


def test_the_order_of_rows_does_not_matter():
    table = biased_subjects()
    shuffled = table.sample(frac=1, random_state=0)
    assert repr(calibration_curve(table)) == repr(calibration_curve(shuffled))
    assert calibration_curve(table) != calibration_curve(table, seed=1)
