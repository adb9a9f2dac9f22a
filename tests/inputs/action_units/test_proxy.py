import numpy as np
import pytest

from transferpain.core.schema import read_stamped
from transferpain.core.store import fingerprint, read_json, write_json
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.action_units import proxy
from transferpain.inputs.action_units.geometry import MEASURES, POINTS
from transferpain.inputs.action_units.mesh import load_still_mesh
from transferpain.inputs.action_units.proxy import COEFFICIENTS, UNITS, estimate, parse_coefficients, standing


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
        (9, 5, 0.4),
        (10, 5, 0.3),
        (12, 5, 1.2),
        (25, 5, 0.5),
        (26, 5, 2.5),
        (43, 1, 0.3),
    ],
)
def test_a_proxy_rises_with_its_drawn_unit(sitter, look_at, unit, drawn, rises):
    points = np.stack([look_at(draw_face(sitter, {f"AU{unit}": value}, Pose())) for value in (0, drawn)])
    rest, moved = estimate(points).intensities[unit]
    assert moved - rest > rises


def test_a_picture_without_a_face_has_no_mesh(look_at):
    points = look_at(np.zeros((96, 96, 3), np.uint8))
    assert points.shape == (POINTS, 3)
    assert np.isnan(points).all()


def test_frames_without_a_face_are_missing_and_the_others_are_on_the_scale():
    points = np.random.default_rng(0).normal(0, 50, (20, POINTS, 3))
    points[3] = np.nan
    units = estimate(points)
    assert units.intensities.columns.tolist() == list(UNITS)
    assert units.intensities.loc[3].isna().all()
    assert units.found.tolist() == [number != 3 for number in range(20)]
    rest = units.intensities.drop(index=3)
    assert rest.min().min() >= 0
    assert rest[43].max() <= 1
    assert rest.max().max() <= 5
    # Not one of them is a coder's intensity, and everything made of them says so.
    assert "proxies" in units.estimator.title


def test_the_coefficients_name_the_measures_they_weigh():
    facts = read_json(COEFFICIENTS)
    assert facts["fitted_on"]["synthetic"] is True
    for number in UNITS:
        assert set(facts["units"][str(number)]["weights"]) <= set(MEASURES)
    weights = parse_coefficients(facts).weights
    assert weights.shape == (len(UNITS), len(MEASURES))
    assert (weights != 0).any(axis=1).all()


def test_a_check_holds_for_the_coefficients_it_was_made_with(tmp_path, monkeypatch):
    found = standing()
    assert set(found.values()) <= {"checked on real faces", "failed on real faces", "unvalidated"}
    made = read_json(proxy.CHECK)
    assert made["coefficients"] == fingerprint(read_stamped(COEFFICIENTS))
    other = tmp_path / "check.json"
    monkeypatch.setattr(proxy, "CHECK", other)
    assert set(standing().values()) == {"unvalidated"}
    write_json(other, made | {"coefficients": "of other ones"})
    assert set(standing().values()) == {"unvalidated"}
    write_json(other, made)
    assert standing() == found
