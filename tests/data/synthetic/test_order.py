import pytest

from transferpain.data.synthetic.order import interleave


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
