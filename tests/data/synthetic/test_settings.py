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
        {"subjects": 8, "fps": 0}, {"subjects": 8, "fps": 61}, {"subjects": 8, "fps": 7.5},
        {"subjects": 8, "levels": ()}, {"subjects": 8, "levels": ("BL1", "BL1")},
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
    facts = {"subjects": 8, "seed": 3, "null": False, "clips": 2, "seconds": 1.5}
    assert settings.facts() == facts
    fewer = TwinSettings(8, seed=3, clips=2, seconds=1.5, fps=5, levels=("low", "high"))
    assert fewer.facts() == facts | {"fps": 5, "levels": ["low", "high"]}


def test_levels_are_those_of_the_dataset():
    known = ("none", "low", "high")
    assert TwinSettings(8).chosen_levels(known) == known
    assert TwinSettings(8, levels=("high",)).chosen_levels(known) == ("high",)
    with pytest.raises(UserError, match=r"some of none, low, high(.|\n)*Received: PA4"):
        TwinSettings(8, levels=("high", "PA4")).chosen_levels(known)


@pytest.mark.parametrize("given", [{"fps": 5}, {"levels": ("low",)}])
def test_a_setting_that_a_twin_cannot_have_is_refused_by_name(given):
    (name,) = given
    TwinSettings(8).refuse("FER+", "fps", "levels")
    with pytest.raises(UserError, match=f"FER\\+'s twin has no `{name}`"):
        TwinSettings(8, **given).refuse("FER+", "fps", "levels")
