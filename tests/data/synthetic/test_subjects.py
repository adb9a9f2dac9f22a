import numpy as np
import pytest

from transferpain.data.synthetic.subjects import LOW_REACTIVE_SHARE, interleave, invent_look, invent_temperament


def test_everybody_looks_different_and_always_the_same():
    looks = [invent_look(3, number) for number in range(60)]
    assert len({look.skin for look in looks}) == 60
    assert looks == [invent_look(3, number) for number in range(60)]
    assert {look.glasses for look in looks} == {"", "thin", "thick"}
    assert len({look.hair_style for look in looks}) >= 6


def test_sex_and_age_are_kept_where_they_are_given():
    women = [invent_look(number, sex="w", age=60) for number in range(30)]
    men = [invent_look(number, sex="m", age=22) for number in range(30)]
    assert not any(look.beard for look in women)
    assert any(look.beard for look in men)
    assert min(look.wrinkles for look in women) > max(look.wrinkles for look in men)


def test_about_a_quarter_hardly_react():
    people = [invent_temperament(1, number) for number in range(800)]
    hardly = np.mean([person.expressiveness < 0.2 for person in people])
    assert abs(hardly - LOW_REACTIVE_SHARE) < 0.04
    assert all(0.5 < person.expressiveness <= 1 for person in people if person.expressiveness >= 0.2)


def test_low_reactive_can_be_given():
    assert all(invent_temperament(n, low_reactive=True).expressiveness < 0.2 for n in range(20))
    assert all(invent_temperament(n, low_reactive=False).expressiveness > 0.5 for n in range(20))


def test_every_beginning_holds_the_groups_in_proportion():
    many, few = [f"a{number}" for number in range(20)], [f"b{number}" for number in range(5)]
    merged = interleave(many, few)
    assert sorted(merged) == sorted(many + few)
    assert [name for name in merged if name in many] == many
    for length in range(1, 26):
        assert abs(sum(name in few for name in merged[:length]) - length / 5) < 1


@pytest.mark.parametrize(("groups", "merged"), [(([],), []), ((["a"], []), ["a"]), ((["a"], ["b"]), ["a", "b"])])
def test_small_groups(groups, merged):
    assert interleave(*groups) == merged
