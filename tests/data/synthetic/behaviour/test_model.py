from dataclasses import fields

import numpy as np
import pytest

from transferpain.data.synthetic import ai4pain, biovid, mintpain, unbc
from transferpain.data.synthetic.behaviour.model import Graded, Habits
from transferpain.data.synthetic.subjects import invent_temperament

TWINS = {
    "biovid": (biovid.BEHAVIOUR, biovid.OFFICIAL_SECONDS),
    "ai4pain": (ai4pain.BEHAVIOUR, ai4pain.OFFICIAL_SECONDS),
    "unbc": (unbc.BEHAVIOUR, unbc.MOVEMENT_SECONDS),
    "mintpain": (mintpain.BEHAVIOUR, mintpain.COURSE_SECONDS),
}


def test_a_grade_grows_in_proportion_and_stops_at_the_strongest():
    grade = Graded(1.0, 3.0)
    assert [grade.at(felt) for felt in (0.0, 0.5, 1.0, 1.7)] == [1.0, 2.0, 3.0, 3.0]


def test_answers_scatter_about_their_middle():
    generator = np.random.default_rng(0)
    drawn = np.log([Graded(2.0, 2.0, 0.3).draw(0.5, generator) for _ in range(4000)])
    assert drawn.mean() == pytest.approx(np.log(2), abs=0.02)
    assert drawn.std() == pytest.approx(0.3, abs=0.02)


def test_the_scatter_shifts_no_later_number():
    one, other = np.random.default_rng(0), np.random.default_rng(0)
    Graded(1.0, 1.0).draw(0.5, one)
    Graded(1.0, 1.0, 0.5).draw(0.5, other)
    assert one.random() == other.random()


@pytest.mark.parametrize("twin", TWINS)
def test_stronger_stimuli_are_answered_oftener_earlier_longer_and_in_one_piece(twin):
    behaviour, seconds = TWINS[twin]
    answers = behaviour.answers
    for name in ("rate", "peak", "length", "leak", "strain", "strain_length", "flush"):
        grade = getattr(answers, name)
        assert 0 <= grade.weak < grade.strong, name
    assert max(answers.rate.strong, answers.leak.strong, answers.strain.strong, answers.flush.strong) <= 1
    assert answers.latency.weak > answers.latency.strong
    assert answers.pieces.weak > answers.pieces.strong == 1
    # Most of the latest answer, and the first of the reddening, lie within what a clip shows.
    assert answers.latency.weak + 0.5 * answers.length.weak < seconds
    assert answers.flush_delay < seconds / 2


@pytest.mark.parametrize("twin", TWINS)
def test_habits_are_ranges_and_every_person_has_own_rates_within(twin):
    habits = TWINS[twin][0].habits
    assert all(0 <= low <= high for low, high in vars(habits).values())
    for number in range(20):
        rates = invent_temperament(number, behaviour=TWINS[twin][0]).rates
        assert set(rates) == {field.name for field in fields(Habits)}
        assert all(low <= rates[habit] <= high for habit, (low, high) in vars(habits).items())
