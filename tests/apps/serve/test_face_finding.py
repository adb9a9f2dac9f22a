import cv2
import numpy as np
import pytest

from tests.apps.serve.drawn import PAIN, draw_person
from transferpain.apps.serve.face_finding import REGIONS, Look, load_look, units_of
from transferpain.apps.serve.refusals import Refusal
from transferpain.inputs.action_units.measures import shipped_measures
from transferpain.inputs.action_units.mesh import NO_MESH
from transferpain.inputs.action_units.units import UNITS
from transferpain.inputs.faces.detectors import Detection, load_detector


@pytest.fixture(scope="module")
def look():
    return load_look("mediapipe")


def middle(outline: list) -> np.ndarray:
    return np.mean(outline, axis=0)


def test_the_regions_lie_where_they_are_in_a_face(look):
    found = look(draw_person())
    assert found.size == (320, 240)
    regions = {region.name: region.outlines for region in found.regions}
    heights = {name: middle([middle(outline) for outline in outlines])[1] for name, outlines in regions.items()}
    assert heights["brows"] < heights["eyes"] < heights["nose"] < heights["mouth"]
    for name in ("brows", "eyes", "cheeks"):
        left, right = regions[name]
        assert middle(left)[0] < middle(regions["nose"][0])[0] < middle(right)[0]
    box = found.face
    for outlines in regions.values():
        points = np.concatenate(outlines)
        assert (points > (box.left - 0.1, box.top - 0.1)).all()
        assert (points < (box.right + 0.1, box.bottom + 0.1)).all()


def test_each_unit_has_one_region():
    assert sorted(unit for units, _ in REGIONS.values() for unit in units) == sorted(UNITS)


def test_shares_do_not_hang_on_the_size(look):
    small, large = (look(cv2.resize(draw_person(), None, fx=scale, fy=scale)) for scale in (1, 3))
    for side in ("left", "top", "right", "bottom"):
        assert getattr(small.face, side) == pytest.approx(getattr(large.face, side), abs=0.02)


def test_units_follow_the_drawn_ones(look):
    calm, hurt = (
        {unit.unit: unit.intensity for unit in units_of(look(draw_person(units=units)))} for units in ({}, PAIN)
    )
    assert hurt[43] > calm[43] + 0.4
    assert hurt[4] > calm[4]
    assert set(calm) == set(UNITS)


def test_each_unit_says_how_it_was_measured_and_what_that_is_worth(look):
    said = {unit.unit: (unit.measure, unit.standing) for unit in units_of(look(draw_person()))}
    assert said == dict(shipped_measures())
    assert {measure for measure, _ in said.values()} == {"proxy", "blendshape"}


def test_without_a_mesh_there_is_a_box_only():
    found = Look(Detection(10, 20, 30, 60, 0.9), NO_MESH, (100, 200))
    assert (found.regions, units_of(found)) == ([], [])
    assert found.face.model_dump() == {"left": 0.1, "top": 0.1, "right": 0.3, "bottom": 0.3, "score": 0.9}


def test_the_bundles_own_detector_gives_the_box():
    pytest.importorskip("dlib")
    picture = draw_person(7)
    found = load_look("dlib")(picture)
    assert found.detection == load_detector("dlib")(picture)
    with pytest.raises(Refusal, match="no-face"):
        load_look("dlib")(np.full((240, 320, 3), 90, np.uint8))
