"""The tables of docs/twins.md, made from results/twins.json."""

from pathlib import Path

from benchmarks.guarantees import CORPORA, DETECTORS
from benchmarks.twins import GAINS, TASKS
from transferpain.core.schema import read_stamped
from transferpain.core.store import write_text

BEGIN, END = "<!-- python -m benchmarks twins: {} -->", "<!-- end: {} -->"
VIEWS = ("mean", "mean + maximum", "any order", "course")
SIDES = ("colour", "brightness", "first frame", "length", "rate", "head motion", "file size", "identity")


def write_tables(page: Path, result: Path) -> None:
    """Put the tables of a result between their marks in the page."""
    facts, text = read_stamped(result), page.read_text(encoding="utf-8")
    for name, table in (("ceilings", ceilings(facts)), ("order", order(facts)), ("guarantees", guarantees(facts))):
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


def guarantees(facts: dict) -> str:
    """Return what lies besides the face, what null twins teach, and what the detectors find: a column for each twin."""
    names = [corpus.name for corpus in CORPORA.values()]
    rows = [["chance", *(_number(1 / corpus.classes) for corpus in CORPORA.values())]]
    rows += [[side, *(_interval(facts["besides"][name].get(side)) for name in names)] for side in SIDES]
    rows += [[f"found by `{one}`", *(_interval(facts["found"][name][one]) for name in names)] for one in DETECTORS]
    null = [[name, _number(1 / len(TASKS[name].classes)), _interval(found)] for name, found in facts["null"].items()]
    return _table(["", *names], rows) + "\n\n" + _table(["null twin: true action, in its order", "chance", ""], null)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _interval(found: list[float] | None, signed: bool = False) -> str:
    if found is None:
        return "says nothing"
    value, low, high = (_number(one) for one in found)
    return f"{'+' if signed and found[0] >= 0 else ''}{value} [{low}, {high}]"


def _number(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"
