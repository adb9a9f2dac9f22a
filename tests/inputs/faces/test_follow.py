import math

import numpy as np
import pytest

from transferpain.inputs.faces.follow import FORGOTTEN_SECONDS, KNOWN_AFTER, PersonFollower


def box(x: float, side: float = 60.0) -> tuple[float, ...]:
    return (x - side / 2, 100 - side / 2, x + side / 2, 100 + side / 2)


def follow(frames: list[list[tuple]], rate: float = 25.0) -> tuple[list[int | None], PersonFollower]:
    person = PersonFollower()
    chosen = [person.choose(np.array(faces), number / rate) for number, faces in enumerate(frames)]
    return chosen, person


def test_the_largest_of_the_first_frame_is_followed_wherever_it_stands_in_the_list():
    chosen, _ = follow([[box(100, 40), box(300, 80)], [box(305, 70), box(100, 75)], [box(100, 75), box(310, 60)]])
    assert chosen == [1, 0, 1]


def test_who_comes_nearer_does_not_take_over():
    frames = [[box(100)]] * 10 + [[box(100), box(300 - 5 * step, 60 + 8 * step)] for step in range(20)]
    chosen, person = follow(frames)
    assert chosen == [0] * 30
    assert person.since == 0


def test_another_does_not_stand_in_while_the_person_is_not_seen():
    both, alone = [box(100), box(260)], [box(260)]
    chosen, _ = follow([[box(100)]] * 6 + [both] * 4 + [alone] * 30 + [both] * 3)
    assert chosen == [0] * 10 + [None] * 30 + [0] * 3


def test_who_enters_elsewhere_while_the_person_is_not_seen_is_another():
    chosen, _ = follow([[box(100)]] * 10 + [[box(400)]] * 3 + [[box(400), box(100)]] * 3)
    assert chosen == [0] * 10 + [None] * 3 + [1] * 3


def test_a_head_that_was_away_may_have_moved():
    chosen, _ = follow([[box(100)]] * 10 + [[]] * 10 + [[box(140)]])
    assert chosen[-1] == 0


def test_a_face_of_another_size_is_another():
    chosen, _ = follow([[box(100)]] * 10 + [[box(100, 140)]])
    assert chosen[-1] is None


def test_a_mistake_of_the_first_frames_is_not_followed():
    chosen, person = follow([[box(300, 30)]] * (KNOWN_AFTER - 1) + [[box(100)]] * 6)
    assert chosen == [0] * 10
    assert person.since == KNOWN_AFTER - 1


def test_another_who_left_is_forgotten():
    gone = round(FORGOTTEN_SECONDS * 25) + 2
    chosen, _ = follow([[box(100), box(150, 50)]] * 6 + [[]] * gone + [[box(150, 50)]])
    assert chosen[-1] == 0


def test_single_pictures_may_show_the_person_anywhere_as_long_as_nobody_else_was_seen():
    person = PersonFollower()
    assert [person.choose(np.array([box(x, side)])) for x, side in ((100, 60), (400, 90), (50, 20))] == [0] * 3
    assert person.since == 0


def test_frames_without_a_face_choose_nobody():
    person = PersonFollower()
    assert person.choose(np.empty((0, 4)), 0.0) is None
    assert person.is_expected(np.array(box(100)), 0.04)
    person.choose(np.array([box(100)]), 0.04)
    assert person.is_expected(np.array(box(110)), 0.08)
    assert not person.is_expected(np.array(box(300)), 0.08)
    assert not person.is_expected(np.array(box(300)), math.nan)


@pytest.mark.parametrize("rate", [5.0, 25.0, 120.0])
def test_a_head_that_moves_steadily_is_one_person(rate):
    frames = [[box(100 + 60 * second)] for second in np.arange(0, 3, 1 / rate)]
    assert set(follow(frames, rate)[0]) == {0}
