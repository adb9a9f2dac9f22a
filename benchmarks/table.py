"""The table in benchmarks/README.md, made from the result files."""

from pathlib import Path

from transferpain.core.schema import read_stamped
from transferpain.core.store import write_text

BEGIN, END = "<!-- made by make bench -->", "<!-- end -->"
HEAD = ["| benchmark | figure | measured | target | |", "|---|---|---:|---|---|"]
MARKS = {True: "met", False: "**missed**", None: ""}


def table(results: Path) -> str:
    """Return the Markdown table of all result files in a folder, and where they were measured."""
    lines, places = list(HEAD), []
    for path in sorted(results.glob("*.json")):
        result = read_stamped(path)
        for figure in result["figures"]:
            value = f"{figure['value']:.4g}{figure['unit'] and ' ' + figure['unit']}"
            cells = [result["name"], figure["what"], value, figure["target"], MARKS[figure["met"]]]
            lines.append(f"| {' | '.join(cells)} |")
        place = place_of(result["environment"])
        if place not in places:
            places.append(place)
    return "\n".join([*lines, "", *places])


def place_of(environment: dict) -> str:
    """Return one line: processor, versions, commit."""
    machine, versions = environment["machine"], environment["versions"]
    packages = ", ".join(f"{name} {versions[name]}" for name in ("tensorflow", "keras", "mediapipe"))
    return f"Measured on {machine['processor']}, {machine['cores']} cores; {packages}; commit {environment['commit']}."


def write_table(readme: Path, results: Path) -> None:
    """Put the table between the two marks of a README."""
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    write_text(readme, f"{before}{BEGIN}\n{table(results)}\n{END}{after}")
