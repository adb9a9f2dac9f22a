import pytest

from transferpain.core.errors import UserError
from transferpain.data.synthetic.settings import TwinSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"subjects": 0}, {"subjects": 2.5}, {"subjects": True}, {"subjects": "8"}, {"subjects": 8, "seed": -1},
        {"subjects": 8, "seed": 1.5}, {"subjects": 8, "null": 1}, {"subjects": 8, "clips": 0},
        {"subjects": 8, "clips": 101}, {"subjects": 8, "clips": 1.0}, {"subjects": 8, "seconds": 0},
        {"subjects": 8, "seconds": float("nan")}, {"subjects": 8, "seconds": 61}, {"subjects": 8, "seconds": "1"},
    ],
)  # fmt: skip
def test_a_number_out_of_range_is_refused_by_name(wrong):
    with pytest.raises(UserError) as error:
        TwinSettings(**wrong)
    name = list(wrong)[-1]
    assert f"`{name}`" in str(error.value)
    assert f"Received: {wrong[name]!r}" in str(error.value)


def test_the_facts_are_all_there():
    settings = TwinSettings(8, seed=3, clips=2, seconds=1.5)
    assert settings.facts() == {"subjects": 8, "seed": 3, "null": False, "clips": 2, "seconds": 1.5}
