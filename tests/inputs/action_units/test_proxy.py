import numpy as np
import pytest

from transferpain.core.store import read_json
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.action_units.geometry import DISTANCES, POINTS
from transferpain.inputs.action_units.mesh import load_still_mesh
from transferpain.inputs.action_units.proxy import COEFFICIENTS, parse_coefficients, proxy_intensities
from transferpain.inputs.action_units.units import MAXIMA, UNITS


@pytest.fixture(scope="module")
def sitter():
    return seat(BIOVID, invent_look("proxies", "test", sex="w", age=40), "proxies", "test")


@pytest.fixture(scope="module")
def look_at():
    return load_still_mesh()


@pytest.mark.parametrize(
    ("unit", "drawn", "rises"),
    # Little where the mesh hardly follows what is drawn: half of what was seen, or less.
    [
        (4, 5, 0.2),
        (6, 5, 0.2),
        (7, 5, 0.2),
        (9, 5, 0.15),
        (10, 5, 0.3),
        (12, 5, 1.2),
        (25, 5, 0.5),
        (26, 5, 2.5),
        (43, 1, 0.3),
    ],
)
def test_a_proxy_rises_with_its_drawn_unit(sitter, look_at, unit, drawn, rises):
    points = np.stack([look_at(draw_face(sitter, {f"AU{unit}": value}, Pose())).points for value in (0, drawn)])
    rest, moved = proxy_intensities(points)[:, UNITS.index(unit)]
    assert moved - rest > rises


def test_faces_that_were_not_found_are_missing_and_the_others_are_on_the_scale():
    points = np.random.default_rng(0).normal(0, 50, (20, POINTS, 3))
    points[3] = np.nan
    guessed = proxy_intensities(points)
    assert guessed.shape == (20, len(UNITS))
    assert np.isnan(guessed).all(axis=1).tolist() == [number == 3 for number in range(20)]
    rest = np.delete(guessed, 3, axis=0)
    assert rest.min() >= 0
    assert (rest <= MAXIMA).all()
    np.testing.assert_array_equal(proxy_intensities(points[5]), guessed[5])


def test_the_coefficients_name_the_distances_they_weigh():
    facts = read_json(COEFFICIENTS)
    assert facts["fitted_on"]["synthetic"] is True
    for number in UNITS:
        assert set(facts["units"][str(number)]["weights"]) <= set(DISTANCES)
    weights = parse_coefficients(facts).weights
    assert weights.shape == (len(UNITS), len(DISTANCES))
    assert (weights != 0).any(axis=1).all()
