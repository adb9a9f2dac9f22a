"""Lists every figure with an interval that README and docs print, with its command: `python docs/figures.py`.

`--keep reports/NAME` puts what a command has just measured into `docs/measured/figures/NAME.csv`. A figure that a page
prints must stand in the file of a command that its row or paragraph names, to the digits that are shown, or be marked
"to be measured again"; else this fails. Pages that other commands hold against their own results are named here.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from transferpain.core.store import read_json

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).with_name("measured") / "figures"
MARK = "to be measured again"
# Where no command of a row has a file, its figures are those of the demonstration, as the head of the table says.
ELSE = "demo"
# Make targets whose study is called otherwise.
STUDIES = {"au-cnn-hybrid": "au_cnn_hybrid"}
# Measured since the corrections, but before results were kept: to be kept when they are measured next.
BEFORE_KEEPING = frozenset(("demo", "biovid-vgg16", "ai4pain-ann", "ai4pain-lstm", "unbc-pspi", "corpora-demo"))
ELSEWHERE = {
    "docs/backbones.md": "python docs/backbones.py --check",
    "docs/known-answers.md": "python docs/known_answers.py --check",
    "docs/reference-faces.md": "python docs/reference_faces.py --check",
    "docs/twins.md": "python docs/twins.py --check",
    "weights/README.md": "weights/*/metrics.json, held by tests/docs/test_weights.py",
}
MODELS = re.compile(r"^\| (`weights/|the same without)")
FIGURE = re.compile(r"(?P<value>[-+]?\d*\.\d+) \[(?P<low>[-+]?\d*\.\d+), (?P<high>[-+]?\d*\.\d+)\]")
COMMAND = re.compile(r"make ([a-z][a-z0-9-]+)")
RUN = re.compile(r"[a-z0-9][a-z0-9-]*-[0-9a-f]{16}")
KEYS = ("run", "name", "cell", "source", "better", "worse", "class", "level", "of")
COLUMNS = ("table", "row", "figure", "value", "low", "high", "commit", "processor")
STATES = {
    **{"held": "green", "held elsewhere": "green", "marked": "yellow", "before keeping": "yellow"},
    **{"not kept": "red", "differs": "red"},
}
FAULTS = ("not kept", "differs")


@dataclass(frozen=True)
class Printed:
    """A figure that a page prints: which, where, of which commands, and whether it is what was kept of them."""

    page: str
    text: str
    commands: tuple[str, ...]
    state: str


def printed(root: Path = ROOT, kept: Path = KEPT) -> list[Printed]:
    """Return every figure of README, docs and the headers of experiments, in the order of the pages."""
    found = []
    for path in sorted(
        [*root.glob("README.md"), *(root / "docs").glob("*.md"), *(root / "experiments").glob("*.yaml")]
    ):
        page = path.relative_to(root).as_posix()
        for block, around in blocks(path):
            commands = commands_of(block) or commands_of(around) or commands_of(path.read_text(encoding="utf-8"))
            for figure in FIGURE.finditer(block):
                state = state_of(page, block, around, figure, commands, kept)
                found.append(Printed(page, figure[0], commands, state))
    return found


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each row of a table and each paragraph of a page, and the text that stands around it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        text = "\n".join(line for line in text.partition("\nschema")[0].splitlines() if line.startswith("#"))
    paragraphs = re.split(r"\n\s*\n", text)
    for place, paragraph in enumerate(paragraphs):
        around = " ".join(" ".join(paragraphs[max(place - 1, 0) : place + 2]).split())
        rows = paragraph.splitlines() if paragraph.startswith("|") else [" ".join(paragraph.split())]
        for row in rows:
            yield row, around


def commands_of(text: str) -> tuple[str, ...]:
    """Return the commands that a text names, in their order."""
    return tuple(dict.fromkeys(COMMAND.findall(text)))


def state_of(page: str, block: str, around: str, figure: re.Match, commands: tuple[str, ...], kept: Path) -> str:
    """Return one of `STATES` of a figure that stands in a block of a page."""
    if page in ELSEWHERE or MODELS.match(block):
        return "held elsewhere"
    if MARK in (block if block.startswith("| `make") else around):
        return "marked"
    files = [path for name in commands if (path := kept / f"{STUDIES.get(name, name)}.csv").is_file()]
    files = files or [path for path in [kept / f"{ELSE}.csv"] if path.is_file()]
    if not files:
        return "not kept" if BEFORE_KEEPING.isdisjoint(commands) else "before keeping"
    return "held" if any(stands_in(pd.read_csv(path), figure) for path in files) else "differs"


def stands_in(rows: pd.DataFrame, figure: re.Match) -> bool:
    """Tell whether a figure is one of a file's, to its digits; a difference may be printed the other way round."""
    shown = [figure[name] for name in ("value", "low", "high")]
    digits = len(shown[0].partition(".")[2])
    given = tuple(f"{float(one):.{digits}f}" for one in shown)
    turned = tuple(f"{-float(one):.{digits}f}" for one in (shown[0], shown[2], shown[1]))
    triples = rows[["value", "low", "high"]].dropna().itertuples(index=False)
    texts = {tuple(f"{one:.{digits}f}" for one in triple) for triple in triples}
    return not texts.isdisjoint({given, turned})


def keep(report: Path, kept: Path = KEPT) -> Path:
    """Write the figures of a report's tables that have intervals, and who made them; return the file."""
    folders = [path for path in sorted(report.parent.parent.glob("runs/*")) if path.name in runs_of(report)]
    if not folders:
        raise SystemExit(f"{report}: none of its runs stands in {report.parent.parent / 'runs'}")
    made = [read_json(folder / "environment.json") for folder in folders]
    makers = {
        "commit": " ".join(sorted({one["commit"] for one in made})),
        "processor": " ".join(sorted({one["machine"]["processor"] for one in made})),
    }
    rows = pd.concat([figures_of(path) for path in sorted(report.glob("*.csv"))], ignore_index=True)
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"{report.name}.csv"
    rows = rows.assign(**makers)[list(COLUMNS)].sort_values(list(COLUMNS[:3]), kind="stable")
    rows.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
    return path


def runs_of(report: Path) -> set[str]:
    """Return the folders of the runs that a report shows."""
    return set(RUN.findall((report / "inputs.json").read_text(encoding="utf-8")))


def figures_of(path: Path) -> pd.DataFrame:
    """Return one row for each figure with an interval of a report's table."""
    table = pd.read_csv(path)
    triples = [(name, f"{name}_low", f"{name}_high") for name in table]
    if {"low", "high"} <= set(table):  # a table of one figure: it stands before its bounds
        triples.append((table.columns[table.columns.get_loc("low") - 1], "low", "high"))
    triples = [triple for triple in triples if set(triple) <= set(table)]
    keys = [key for key in KEYS if key in table] or [*table.columns[:1]]
    parts = [
        pd.DataFrame(
            {
                "table": path.stem,
                "row": table[keys].fillna("").astype(str).agg(" ".join, axis=1),
                "figure": triple[0],
                **{end: table[column] for end, column in zip(("value", "low", "high"), triple, strict=True)},
            }
        )
        for triple in triples
    ]
    empty = pd.DataFrame(columns=list(COLUMNS[:6]))
    return pd.concat(parts, ignore_index=True).dropna(subset=["low", "high"]) if parts else empty


def show(figures: list[Printed]) -> None:
    """Print the list, and how many stand where."""
    table = Table("Page", "Figure", "Command", "State")
    for one in figures:
        commands = ", ".join(f"make {name}" for name in one.commands) or ELSEWHERE.get(one.page, "")
        table.add_row(one.page, one.text.replace("[", r"\["), commands, f"[{STATES[one.state]}]{one.state}[/]")
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    counts = pd.Series([one.state for one in figures]).value_counts()
    console.print(f"{len(figures)} figures: " + ", ".join(f"{counts[state]} {state}" for state in counts.index))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="List every figure that the documents print, with its command.")
    parser.add_argument("--keep", type=Path, metavar="REPORT", help="take over what this report measured")
    chosen = parser.parse_args()
    if chosen.keep:
        print(keep(chosen.keep))
    figures = printed()
    show(figures)
    sys.exit(any(one.state in FAULTS for one in figures))
