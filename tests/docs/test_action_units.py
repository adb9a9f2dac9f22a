"""The figures of docs/action-units.md are those that the commands wrote."""

from pathlib import Path

from transferpain.action_units.proxy import CHECK, COEFFICIENTS, UNITS, standing
from transferpain.store import read_json

PAGE = Path(__file__).parents[2] / "docs" / "action-units.md"


def proxy_rows() -> list[str]:
    fitted, areas = read_json(COEFFICIENTS)["units"], read_json(CHECK)["areas"]
    rows = []
    for number in UNITS:
        area = areas.get(str(number))
        told = "-"
        if area:
            low, high = area["interval"]
            told = f"{area['shown_by']} v {area['against']}: {area['area']:.3f} ({low:.3f} to {high:.3f})"
        rows.append(f"| AU{number} | {fitted[str(number)]['correlation']:.2f} | {told} | {standing()[number]} |")
    return rows


def rest_means() -> str:
    means = read_json(CHECK)["mean_of_neutral_faces"]
    return ", ".join(f"AU{number} {means[str(number)]:.1f}" for number in UNITS)


def test_the_page_shows_what_was_measured():
    page = PAGE.read_text(encoding="utf-8")
    for row in proxy_rows():
        assert row in page
    assert rest_means() in page
    assert f"The mesh found {read_json(CHECK)['faces_found']:.1%} of the FER+ faces" in page
