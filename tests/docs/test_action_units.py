"""The figures of docs/action-units.md are those that the commands wrote."""

from pathlib import Path

from transferpain.core.store import read_json
from transferpain.inputs.action_units.measures import CHECK, shipped_measures
from transferpain.inputs.action_units.proxy import COEFFICIENTS
from transferpain.inputs.action_units.units import MEASURES, UNITS

PAGE = Path(__file__).parents[2] / "docs" / "action-units.md"


def figure(area: dict | None) -> str:
    return "{} ({} to {})".format(area["area"], *area["interval"]) if area else "-"


def unit_rows() -> list[str]:
    training, public = (sample["areas"] for sample in samples().values())
    rows = []
    for number in UNITS:
        areas, (used, standing) = training.get(str(number), {}), shipped_measures()[number]
        told = f"{areas['shown_by']} v {areas['against']}" if areas else "-"
        figures = [figure(areas.get(measure)) for measure in MEASURES]
        confirmed = figure(public.get(str(number), {}).get(used))
        rows.append(f"| {' | '.join([f'AU{number}', told, *figures, used, confirmed, standing])} |")
    return rows


def samples() -> dict:
    """Return what was found on Training and on PublicTest pictures, in this order."""
    found = read_json(CHECK)["samples"]
    return {usage: found[usage] for usage in ("Training", "PublicTest")}


def test_the_page_shows_what_was_measured():
    page = PAGE.read_text(encoding="utf-8")
    for row in unit_rows():
        assert row in page
    training, public = samples().values()
    means = training["mean_of_neutral_faces"]
    assert ", ".join(f"AU{number} {means[str(number)]:.1f}" for number in UNITS) in page
    fitted = read_json(COEFFICIENTS)["units"]
    assert ", ".join(f"AU{number} {fitted[str(number)]['correlation']:.2f}" for number in UNITS) in page
    found = training["faces_found"], public["faces_found"]
    assert "The mesh found {:.1%} of the Training faces and {:.1%} of PublicTest's".format(*found) in page
