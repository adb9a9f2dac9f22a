import os
from pathlib import Path

import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.inputs.action_units.check import (
    CHECKS,
    Sample,
    at_rest,
    check_units,
    choose,
    compare,
    enlarge,
    guess,
    judge,
)
from transferpain.inputs.action_units.geometry import POINTS
from transferpain.inputs.action_units.mesh import Mesh
from transferpain.inputs.action_units.units import MEASURES, UNITS

NONE = {str(number): {"measure": "proxy", "standing": "unvalidated"} for number in UNITS}
CHECKED, FAILED = "checked on real faces", "failed on real faces"


@pytest.fixture
def sample() -> Sample:
    """The proxy of AU12 tells happiness, the blendshape of AU26 surprise; nothing else tells anything."""
    emotions = np.array(["happiness", "neutral", "surprise", "anger"] * 30)
    guesses = {measure: np.ones((120, len(UNITS))) for measure in MEASURES}
    guesses["proxy"][emotions == "happiness", UNITS.index(12)] = 2
    guesses["blendshape"][emotions == "surprise", UNITS.index(26)] = 3
    for values in guesses.values():
        values[:4] = np.nan
    return Sample(emotions, guesses)


def areas_of(**units: tuple[float, float]) -> dict[str, dict]:
    """Return areas of the proxy and of the blendshape, by `au4` and so on; .5 of all others."""
    areas = {f"au{number}": (0.5, 0.5) for number in CHECKS} | units
    return {
        name[2:]: {measure: {"area": area} for measure, area in zip(MEASURES, both, strict=True)}
        for name, both in areas.items()
    }


def test_both_measures_are_compared_on_the_faces_that_were_found(sample):
    assert sample.found.sum() == 116
    found = compare(sample, dict.fromkeys(CHECKS, MEASURES))
    assert set(found) == set(map(str, CHECKS))
    assert (found["12"]["shown_by"], found["12"]["against"]) == ("happiness", "all others")
    assert (found["12"]["shown_in"], found["12"]["not_shown_in"]) == (29, 87)
    assert [found["12"][measure]["area"] for measure in MEASURES] == [1, 0.5]
    # All pictures are alike, which says nothing of others.
    assert found["12"]["proxy"]["interval"] is None
    assert (found["26"]["shown_in"], found["26"]["not_shown_in"]) == (29, 29)
    assert [found["26"][measure]["area"] for measure in MEASURES] == [0.5, 1]
    assert [found["4"][measure]["area"] for measure in MEASURES] == [0.5, 0.5]
    # What was not chosen is not looked at.
    assert set(compare(sample, {26: ("blendshape",)})["26"]) == {
        "shown_by", "against", "shown_in", "not_shown_in", "blendshape"
    }  # fmt: skip


def test_the_larger_area_is_chosen_and_the_proxy_stays_where_there_is_none():
    chosen = choose(areas_of(au12=(0.9, 0.91), au25=(0.9, 0.9), au26=(0.9, 0.89)))
    assert chosen == dict.fromkeys(UNITS, "proxy") | {12: "blendshape"}


def test_a_unit_is_marked_by_its_own_measure_in_every_sample():
    training = areas_of(au4=(0.84, 0.2), au12=(0.2, 0.9), au25=(0.85, 0.2), au26=(0.9, 0.2))
    measures = choose(training)
    judged = judge(measures, [training, areas_of(au4=(0.9, 0), au12=(0, 0.9), au25=(0.85, 0), au26=(0.849, 1))])
    assert judged == NONE | {
        "4": {"measure": "proxy", "standing": FAILED},
        "12": {"measure": "blendshape", "standing": CHECKED},
        "25": {"measure": "proxy", "standing": CHECKED},
        "26": {"measure": "proxy", "standing": FAILED},
    }


def test_neutral_faces_are_told_by_the_measure_that_is_used(sample):
    sample.guesses["blendshape"][1::4, UNITS.index(12)] = 0.25  # of those that were found, and of one that was not
    means = at_rest(sample, dict.fromkeys(UNITS, "proxy") | {12: "blendshape"})
    assert means == dict.fromkeys(map(str, UNITS), 1.0) | {"12": 0.25}


def test_both_measures_are_guessed_from_one_mesh():
    random = np.random.default_rng(0)
    guesses = guess(Mesh(random.normal(0, 50, (3, POINTS, 3)), random.random((3, 52))))
    assert {measure: values.shape for measure, values in guesses.items()} == dict.fromkeys(MEASURES, (3, len(UNITS)))


def test_pictures_are_enlarged_as_they_are():
    large = enlarge(np.full((48, 48), 77, np.uint8))
    assert large.shape == (192, 192, 3)
    assert (large == 77).all()


def test_a_twin_checks_nothing(tmp_path):
    write_twin("ferplus", tmp_path, TwinSettings(subjects=3, clips=1), lambda frames: None)
    with pytest.raises(UserError, match="drawn faces"):
        check_units(tmp_path)


@pytest.mark.slow
def test_measures_on_real_faces():
    if "TRANSFERPAIN_FER2013" not in os.environ:
        pytest.skip("TRANSFERPAIN_FER2013 names no folder with the real fer2013.csv and fer2013new.csv")
    found = check_units(Path(os.environ["TRANSFERPAIN_FER2013"]), pictures=600, seed=1)
    for sample in found["samples"].values():
        assert sample["faces_found"] > 0.85
    training, public = (sample["areas"] for sample in found["samples"].values())
    assert training["12"]["blendshape"]["interval"][1] > 0.9
    for number in ("12", "25", "26"):
        used = found["units"][number]["measure"]
        assert set(MEASURES) - set(public[number]) == set(MEASURES) - {used}
        assert public[number][used]["interval"][1] > 0.85
