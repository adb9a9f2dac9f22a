"""The commands as a user gives them, apart from the rest of the command line."""

import pytest
from typer.testing import CliRunner

from tests.inputs.action_units.test_tables import OPENFACE
from transferpain.cli.action_units import show_area, units_app
from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.data.synthetic.twins import GENERATOR_VERSION
from transferpain.inputs.action_units.geometry import DISTANCES


def run(*arguments):
    return CliRunner().invoke(units_app, [str(argument) for argument in arguments])


def test_a_table_is_shown_with_its_scale(tmp_path):
    table = tmp_path / "clip.csv"
    table.write_text(OPENFACE)
    shown = run("read", table).stdout
    assert "OpenFace 2: intensity 0 to 5; face measured in 2 of 3 frames" in shown
    assert "AU28" in shown


def test_what_is_no_table_is_refused(tmp_path):
    result = run("read", tmp_path / "absent.csv")
    assert result.exit_code == 1
    assert isinstance(result.exception, UserError)


@pytest.mark.slow
def test_proxies_are_fitted_into_a_file(tmp_path):
    file = tmp_path / "proxy.json"
    result = run("fit-proxies", "--subjects", 10, "--pictures", 10, "--out", file)
    assert result.exit_code == 0, result.exception
    assert "SYNTHETIC" in result.stdout
    fitted = read_json(file)
    assert fitted["fitted_on"] | {"mediapipe": ""} == {
        "subjects": 10, "pictures": 10, "seed": 0, "synthetic": True, "faces_found": 1.0, "mediapipe": "",
        "generator_version": GENERATOR_VERSION,
    }  # fmt: skip
    assert set(fitted["units"]["12"]["weights"]) <= set(DISTANCES)
    # The two that the mesh follows best, on people that were left out.
    assert min(fitted["units"][number]["correlation"] for number in ("12", "26")) > 0.5


@pytest.mark.parametrize(
    ("area", "shown"),
    [
        (None, "-"),
        ({"area": 0.9, "interval": [0.8, 0.95]}, "0.9 (0.8 to 0.95)"),
        ({"area": 1.0, "interval": None}, "1.0 (no interval)"),
    ],
)
def test_an_area_is_shown_with_its_interval_where_there_is_one(area, shown):
    assert show_area(area) == shown
