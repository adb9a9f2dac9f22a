"""The tables of docs/twins.md, made from results/twins.json and results/guarantees.json."""

from pathlib import Path

from benchmarks.guarantees import CORPORA, DETECTORS
from benchmarks.twins import GAINS, TASKS
from transferpain.core.schema import read_stamped
from transferpain.core.store import write_text

BEGIN, END = "<!-- python -m benchmarks twins guarantees: {} -->", "<!-- end: {} -->"
VIEWS = ("mean", "mean + maximum", "any order", "course")
SIDES = (
    *("colour", "brightness", "wall: colour", "wall: brightness", "hair", "first frame"),
    *("length", "rate", "head motion", "file size", "identity"),
)


def write_tables(page: Path, results: Path) -> None:
    """Put the tables of the results in a folder between their marks in the page."""
    facts = {name: read_stamped(results / f"{name}.json") for name in ("twins", "guarantees")}
    tables = {
        "ceilings": ceilings(facts["twins"]),
        "order": order(facts["twins"]),
        "null": null(facts["twins"]),
        "besides": besides(facts["guarantees"]),
    }
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        before, rest = text.split(BEGIN.format(name))
        _, after = rest.split(END.format(name))
        text = f"{before}{BEGIN.format(name)}\n{table}\n{END.format(name)}{after}"
    write_text(page, text)


def ceilings(facts: dict) -> str:
    """Return what the probe reaches: a row for each task and kind of cues."""
    rows = []
    for name, task in TASKS.items():
        found = facts["ceilings"][name]
        for kind in ("units", "skin", "both"):
            head = f"{name} ({_number(1 / len(task.classes))})" if kind == "units" else ""
            cells = [_interval(found[f"{kind}, {view}"]) if view in task.views else "" for view in VIEWS]
            rows.append([head, kind, *cells])
    return _table(["task (chance)", "cues", *VIEWS], rows)


def order(facts: dict) -> str:
    """Return what order, and both kinds of cues, are worth."""
    rows = [
        [name, *(_interval(facts["ceilings"][name][what], signed=True) for what, *_ in GAINS)]
        for name, task in TASKS.items()
        if task.answers
    ]
    return _table(["task", *(what for what, *_ in GAINS)], rows)


def null(facts: dict) -> str:
    """Return what the probe reaches on null twins, from all cues in their order."""
    rows = [
        [name, _number(1 / len(task.classes)), _judged(facts["null"][name]), _number(facts["null"][name]["corrected"])]
        for name, task in TASKS.items()
    ]
    return _table(["null twin of", "chance", "true action", "p"], rows)


def besides(facts: dict) -> str:
    """Return what lies besides the face, and what the detectors find: a column for each twin."""
    told = facts["besides"]
    rows = [["chance", *(_number(1 / corpus.classes) for corpus in CORPORA.values())]]
    for side in sorted({side for sides in told.values() for side in sides}, key=SIDES.index):
        found = [told[dataset].get(side) for dataset in CORPORA]
        rows.append([side, *(_judged(row) if row else "says nothing" for row in found)])
    smallest = [min(row["corrected"] for row in told[dataset].values()) for dataset in CORPORA]
    rows.append(["smallest p", *map(_number, smallest)])
    for one in DETECTORS:
        rows.append([f"found by `{one}`", *(_interval(facts["found"][dataset][one]) for dataset in CORPORA)])
    return _table(["", *(corpus.name for corpus in CORPORA.values())], rows)


def _judged(row: dict[str, float]) -> str:
    """Return a score, and between which scores the middle 95 % on shuffled labels lie."""
    return f"{_number(row['score'])} ({_number(row['low'])} to {_number(row['high'])})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _interval(found: list[float], signed: bool = False) -> str:
    value, low, high = (_number(one) for one in found)
    return f"{'+' if signed and found[0] >= 0 else ''}{value} [{low}, {high}]"


def _number(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"
