import numpy as np
import pytest

from transferpain.core.store import read_json, write_json
from transferpain.inputs.action_units import measures, proxy
from transferpain.inputs.action_units.blendshapes import blendshape_intensities
from transferpain.inputs.action_units.geometry import POINTS
from transferpain.inputs.action_units.measured import Measured
from transferpain.inputs.action_units.measures import (
    CHECK,
    estimate,
    intensities,
    measured_with,
    measures_hash,
    shipped_measures,
)
from transferpain.inputs.action_units.mesh import Mesh
from transferpain.inputs.action_units.proxy import COEFFICIENTS, proxy_intensities
from transferpain.inputs.action_units.units import UNITS


@pytest.fixture
def meshes() -> Mesh:
    """Twenty faces of scattered points, the fourth of which was not found."""
    random = np.random.default_rng(0)
    points, scores = random.normal(0, 50, (20, POINTS, 3)), random.random((20, 52))
    points[3] = scores[3] = np.nan
    return Mesh(points, scores)


def test_each_unit_is_read_from_its_own_measure(meshes):
    mixed = intensities(meshes, dict.fromkeys(UNITS, "proxy") | {26: "blendshape"})
    place = UNITS.index(26)
    np.testing.assert_array_equal(mixed[:, place], blendshape_intensities(meshes.blendshapes)[:, place])
    rest = np.arange(len(UNITS)) != place
    np.testing.assert_array_equal(mixed[:, rest], proxy_intensities(meshes.points)[:, rest])
    with pytest.raises(KeyError):
        intensities(meshes, {4: "proxy"})


def test_frames_without_a_face_are_missing_and_the_others_are_measured_as_stated(meshes):
    units = estimate(meshes)
    assert units.intensities.columns.tolist() == list(UNITS)
    assert units.found.tolist() == [number != 3 for number in range(20)]
    assert units.intensities.loc[3].isna().all()
    stated = {number: one.measure for number, one in shipped_measures().items()}
    np.testing.assert_array_equal(units.intensities.to_numpy(), intensities(meshes, stated))
    # Not one of them is a coder's intensity, and everything made of them says so.
    assert "proxies" in units.estimator.title
    assert "blendshapes" in units.estimator.title


def test_a_check_holds_for_what_it_was_made_with(tmp_path, monkeypatch):
    shipped, found = read_json(CHECK), shipped_measures()
    assert shipped["measured_with"] == measured_with()
    assert {standing for _, standing in found.values()} == {
        "checked on real faces", "failed on real faces", "unvalidated"
    }  # fmt: skip
    other = tmp_path / "measures.json"
    monkeypatch.setattr(measures, "CHECK", other)
    write_json(other, shipped)
    assert shipped_measures() == found
    write_json(other, shipped | {"measured_with": "other coefficients"})
    # The choice stands; what it is worth is not known.
    assert shipped_measures() == {number: Measured(one.measure, "unvalidated") for number, one in found.items()}


def test_the_hash_changes_with_the_choice_and_with_the_coefficients_and_not_with_what_a_check_said(
    tmp_path, monkeypatch
):
    shipped, fitted, now = read_json(CHECK), read_json(COEFFICIENTS), measures_hash()
    monkeypatch.setattr(measures, "CHECK", tmp_path / "measures.json")
    write_json(measures.CHECK, shipped | {"measured_with": "other coefficients"})
    assert measures_hash() == now
    other = {"proxy": "blendshape", "blendshape": "proxy"}[shipped["units"]["12"]["measure"]]
    changed = shipped["units"] | {"12": {"measure": other, "standing": "unvalidated"}}
    write_json(measures.CHECK, shipped | {"units": changed})
    chosen_otherwise = measures_hash()
    write_json(measures.CHECK, shipped)
    monkeypatch.setattr(proxy, "COEFFICIENTS", tmp_path / "proxy.json")
    fitted["units"]["4"]["constant"] += 1
    write_json(proxy.COEFFICIENTS, fitted)
    assert len({now, chosen_otherwise, measures_hash()}) == 3
