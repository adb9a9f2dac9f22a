"""The figures of docs/action-units.md are those that the commands wrote."""

from pathlib import Path

from transferpain.core.store import read_json
from transferpain.inputs.action_units.proxy import CHECK, COEFFICIENTS, UNITS, standing

PAGE = Path(__file__).parents[2] / "docs" / "action-units.md"


def proxy_rows() -> list[str]:
    fitted, samples = read_json(COEFFICIENTS)["units"], read_json(CHECK)["samples"]
    rows = []
    for number in UNITS:
        areas = [samples[usage]["areas"].get(str(number)) for usage in ("Training", "PublicTest")]
        told = f"{areas[0]['shown_by']} v {areas[0]['against']}" if areas[0] else "-"
        figures = ["{} ({} to {})".format(area["area"], *area["interval"]) if area else "-" for area in areas]
        cells = [f"AU{number}", f"{fitted[str(number)]['correlation']:.2f}", told, *figures, standing()[number]]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def rest_means() -> str:
    means = read_json(CHECK)["samples"]["Training"]["mean_of_neutral_faces"]
    return ", ".join(f"AU{number} {means[str(number)]:.1f}" for number in UNITS)


def test_the_page_shows_what_was_measured():
    page = PAGE.read_text(encoding="utf-8")
    for row in proxy_rows():
        assert row in page
    assert rest_means() in page
    samples = read_json(CHECK)["samples"]
    training, public = samples["Training"]["faces_found"], samples["PublicTest"]["faces_found"]
    assert f"The mesh found {training:.1%} of the Training faces and {public:.1%} of PublicTest's" in page
