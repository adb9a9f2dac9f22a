"""Writes the tables in docs/null-worlds.md: `python docs/null_worlds.py [REPORTS]`, after `make null-check`.

With the former sampling those of `python -m tests.former_sampling`. A sampling of which there is no report keeps what
stands in the page.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from transferpain.core.store import write_text
from transferpain.evaluation.null_worlds import TIE
from transferpain.evaluation.predictions import PROBE_TITLES
from transferpain.experiments.environment import environment
from transferpain.experiments.null_worlds import DRAWS, LEANING, PART, STEPS

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- made by docs/null_worlds.py: {} -->", "<!-- end: {} -->"
FILES = ("null-check", "null-check-matrix")
SAMPLINGS = {"": "As clips are sampled", "-former-sampling": "With the former sampling put back"}  # ending -> title
HEAD = "head"
JUDGED = {
    "": HEAD,
    LEANING: LEANING.removeprefix(PART),
    **{f"{PART}{title}": title for title in PROBE_TITLES.values()},
    STEPS: STEPS.removeprefix(PART),
}


def table(judged: pd.DataFrame) -> str:
    """Return one row a cell, in Markdown: the mean of each score over the worlds, and where it would miss chance.

    Args:
        judged: what a null check writes as `null.csv`.
    """
    means = judged[judged["world"] == "all"].set_index("cell")
    missing = judged.groupby("cell")["holds_chance"].agg(lambda holds: not holds.all())
    rows = [["cell", *JUDGED.values()], ["---", *["---:"] * len(JUDGED)]]
    for cell in dict.fromkeys(name.partition(PART)[0] for name in judged["cell"]):
        own = [f"{cell}{part}" for part in JUDGED]
        rows.append([cell, *(shown(means.loc[name], missing[name]) if name in means.index else "" for name in own)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def shown(mean: pd.Series, misses: bool) -> str:
    """Return a score, bold where chance is missed in any world or on average, and the score that would miss it."""
    score, found = f"{mean['balanced_accuracy']:.2f}", mean["found_from"]
    score = f"**{score}**" if misses else score
    return f"{score} ({found:.2f})" if found <= 1 + TIE else f"{score} (-)"


def summary(judged: pd.DataFrame) -> str:
    """Say in a sentence how many intervals miss chance."""
    missed = int((~judged["holds_chance"]).sum())
    return f"{missed or 'None'} of {len(judged)} intervals {'misses' if missed == 1 else 'miss'} chance."


def tables(reports: Path, ending: str) -> str | None:
    """Return the tables of a sampling that there are reports for, and where and when they were made."""
    parts, written = [], 0.0
    for name in FILES:
        path = reports / f"{name}{ending}-null" / "null.csv"
        if path.is_file():
            judged, written = pd.read_csv(path, dtype={"world": str}), max(written, path.stat().st_mtime)
            parts.append(f"{SAMPLINGS[ending]}, `experiments/{name}.yaml`: {summary(judged)}\n\n{table(judged)}")
    if not parts:
        return None
    facts = environment()
    machine, versions = facts["machine"], facts["versions"]
    packages = ", ".join(f"{package} {versions[package]}" for package in ("tensorflow", "keras", "mediapipe"))
    day = datetime.fromtimestamp(written, UTC).date()
    made = f"Made on {day} on {machine['processor']}, {machine['cores']} cores; {packages}; commit {facts['commit']}."
    reading = (
        f"Means over {DRAWS} worlds; in brackets the score from which on the mean would miss chance (- where none "
        "could: a head gives one answer to all, or clips are too few); **bold** where chance is missed in a world or "
        "on average."
    )
    return "\n\n".join([*parts, f"{reading} {made}"])


def main(reports: Path) -> None:
    """Put the tables between their marks in the page."""
    page = ROOT / "docs" / "null-worlds.md"
    text = page.read_text(encoding="utf-8")
    for ending, title in SAMPLINGS.items():
        if found := tables(reports, ending):
            before, rest = text.split(BEGIN.format(title))
            _, after = rest.split(END.format(title))
            text = f"{before}{BEGIN.format(title)}\n\n{found}\n\n{END.format(title)}{after}"
    write_text(page, text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "reports")
