from dataclasses import replace

import numpy as np
import pytest

from transferpain.data.synthetic.face import ACTION_UNITS, SKIN
from transferpain.data.synthetic.performance import COLUMN, FLUSH, SCORED, STRAIN, Stimulus, bump, perform
from transferpain.data.synthetic.subjects import invent_temperament

TIMES = np.arange(138) / 25
EXPRESSIVE = invent_temperament(7, low_reactive=False)


def course(strength: float, *seed):
    return perform(EXPRESSIVE, (Stimulus(0.0, 5.52, strength),), TIMES, *seed)


def test_a_bump_rises_stays_and_falls():
    shape = bump(np.array([0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0]), 1.0, 1.0, 0.5, 0.5)
    np.testing.assert_allclose(shape, [0, 0, 0.5, 1, 1, 0, 0], atol=1e-12)


def test_the_reaction_comes_late_and_changes_nothing_else():
    answered = 0
    for seed in range(20):
        none, strong = course(0.0, seed), course(1.0, seed)
        np.testing.assert_array_equal(none.head, strong.head)
        np.testing.assert_array_equal(none.exposure, strong.exposure)
        np.testing.assert_array_equal(none.skin[TIMES < 1.1], strong.skin[TIMES < 1.1])
        early = TIMES < 1.1
        np.testing.assert_array_equal(none.action_units[early], strong.action_units[early])
        assert (strong.action_units >= none.action_units).all()
        answered += bool((strong.action_units - none.action_units).max() > 1)
    assert answered >= 15


def test_intensities_stay_in_their_ranges():
    units = np.concatenate([course(1.0, "range", seed).action_units for seed in range(40)])
    assert units.dtype == np.float32
    assert units.shape[1] == len(ACTION_UNITS)
    assert units.min() >= 0
    assert units.max() <= 5
    assert units[:, [COLUMN["AU43"], COLUMN["AU45"]]].max() <= 1
    skin = np.concatenate([course(1.0, "range", seed).skin for seed in range(40)])
    assert (skin.shape[1], skin.dtype) == (len(SKIN), np.float32)
    assert 0 <= skin.min() < skin.max() <= 1


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_blinks_smiles_talk_and_head_motion_happen_in_every_class(strength):
    courses = [
        perform(invent_temperament(number), (Stimulus(0.0, 5.52, strength),), TIMES, number) for number in range(150)
    ]
    peaks = np.array([course.action_units.max(0) for course in courses])
    assert (peaks[:, COLUMN["AU45"]] > 0.9).mean() > 0.4
    assert (peaks[:, COLUMN["AU12"]] > 2.5).mean() > 0.05
    assert (peaks[:, COLUMN["AU26"]] > 1.0).mean() > 0.05
    assert np.mean([np.ptp(course.head[:, 3]) > 0.03 for course in courses]) > 0.9


def test_a_stronger_stimulus_shows_more():
    means = [np.mean([course(strength, seed).action_units[60:, COLUMN["AU4"]].mean() for seed in range(40)])
             for strength in (0.0, 0.3, 0.6, 1.0)]  # fmt: skip
    assert (np.diff(means) > 0).all()


def test_one_frame_is_what_the_face_is_drawn_from():
    whole = course(1.0, 3)
    units, pose = whole.frame(100)
    assert set(units) == {*ACTION_UNITS, *SKIN}
    assert (units["flush"], units["strain"]) == pytest.approx(tuple(whole.skin[100]))
    assert units["AU4"] == pytest.approx(whole.action_units[100, COLUMN["AU4"]])
    assert (pose.x, pose.scale) == pytest.approx(tuple(whole.head[100, [0, 5]]))
    assert pose.gaze == pytest.approx(tuple(whole.head[100, 6:]))


def test_a_quiet_everyday_face_feels_pain_all_the_same():
    quiet = replace(EXPRESSIVE, everyday_tension=0.0)
    calm = perform(quiet, (), TIMES, 5).action_units
    assert calm[:, SCORED].max() == 0
    loud = perform(EXPRESSIVE, (), TIMES, 5).action_units
    others = [place for place in COLUMN.values() if place not in SCORED]
    np.testing.assert_array_equal(calm[:, others], loud[:, others])
    hurt = [perform(quiet, (Stimulus(0.0, 5.52, 1.0),), TIMES, seed).action_units for seed in range(5)]
    assert max(units[:, COLUMN["AU4"]].max() for units in hurt) > 2


def answer(strength: float, seed: int) -> np.ndarray:
    """Return how much more AU4 shows than without the stimulus, (frames,)."""
    shown, calm = course(strength, seed), course(0.0, seed)
    return (shown.action_units - calm.action_units)[:, COLUMN["AU4"]]


def test_stronger_answers_come_oftener_earlier_and_in_one_piece():
    weak, strong = ([answer(strength, seed) for seed in range(120)] for strength in (0.25, 1.0))

    def oftenness(answers):
        return np.mean([one.max() > 0.3 for one in answers])

    def onset(answers):
        return np.median([TIMES[(one > 0.3).argmax()] for one in answers if one.max() > 0.3])

    def pieces(answers):
        return np.mean([(np.diff((one > 0.3 * one.max()).astype(int)) == 1).sum() for one in answers if one.max() > 1])

    assert oftenness(strong) > oftenness(weak) + 0.1
    assert onset(strong) < onset(weak) - 1
    assert pieces(strong) < pieces(weak) - 0.4


def test_the_skin_answers_whether_or_not_the_face_moves():
    stony = replace(EXPRESSIVE, answer_rate=0.0)
    calm, hurt = (
        [perform(stony, (Stimulus(0.0, 5.52, strength),), TIMES, seed) for seed in range(60)] for strength in (0.0, 1.0)
    )
    for before, after in zip(calm, hurt, strict=True):
        np.testing.assert_array_equal(before.action_units, after.action_units)
    late = TIMES > 3
    reddened, strained = (
        np.mean(
            [(after.skin - before.skin)[late, column].max() > 0.05 for before, after in zip(calm, hurt, strict=True)]
        )
        for column in (FLUSH, STRAIN)
    )
    assert reddened > 0.8
    assert 0.2 < strained < 0.9


def test_an_answer_stays_within_its_stretch():
    times = np.arange(0, 20, 0.04)
    stretch = (times >= 8) & (times < 12)
    for seed in range(10):
        hurt = perform(EXPRESSIVE, (Stimulus(8.0, 4.0, 1.0),), times, seed)
        calm = perform(EXPRESSIVE, (), times, seed)
        np.testing.assert_array_equal(hurt.action_units[~stretch], calm.action_units[~stretch])
        np.testing.assert_array_equal(hurt.skin[~stretch], calm.skin[~stretch])
