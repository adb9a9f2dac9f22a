"""The yardstick of a change that must not change a number: tiny studies, and the hashes of all that they leave behind.

    python -m tests.end_to_end.baseline                   compute, and write baseline.json beside this file
    python -m tests.end_to_end.baseline --write FILE      compute, and write another file
    python -m tests.end_to_end.baseline --check [FILE]    compute, and print each difference from a file; 1 on any
    python -m tests.end_to_end.baseline --only 'serve' --only 'h*' --check     only some of the parts

It knows the program by its command line, its server and the files of its runs alone, so that it runs unchanged before
and after the code is moved.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from tests.end_to_end import baseline_answers as answers
from tests.end_to_end.baseline_comparison import compare, same_machine
from tests.end_to_end.baseline_program import run_program
from tests.end_to_end.baseline_studies import MATRIX_CELLS, STUDIES, study_file, write_experiments
from tests.end_to_end.baseline_twins import hide_faces
from tests.end_to_end.baseline_values import Entry, report_entries, run_entries

SCHEMA = 1
# Draws the twins and trains the sources that all other parts use.
FIRST = "sources"
FILE = Path(__file__).with_name("baseline.json")
PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python", "mediapipe", "scikit-learn")
# What decides how a processor rounds; its name alone is the same for several.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
AT_ONCE = 2


@dataclass(frozen=True)
class Part:
    """One part of the baseline.

    Attributes:
        record: computes it in a workspace; returns its entries.
        needs: parts whose runs it reads, besides the first.
    """

    record: Callable[[Path], dict[str, Entry]]
    needs: tuple[str, ...] = ()


def source_entries(workspace: Path) -> dict[str, Entry]:
    """Draw the twins, hide some faces before any is read, and train the sources that all studies share."""
    run_program(workspace, "run", f"experiments/{study_file('twins')}")
    hide_faces(workspace / "data")
    return study_entries(FIRST, workspace)


def study_entries(name: str, workspace: Path) -> dict[str, Entry]:
    """Run a study, and read its runs and its report."""
    run_program(workspace, "run", f"experiments/{study_file(name)}")
    found = {}
    for canonical in STUDIES[name].members:
        found |= run_entries(canonical, answers.find_run(workspace, canonical))
    return found | report_entries(f"report/{name}", workspace / "reports" / name)


def matrix_entries(workspace: Path) -> dict[str, Entry]:
    """Run the matrix, and read its cells and its report."""
    run_program(workspace, "matrix", f"experiments/{study_file('matrix')}")
    found = {}
    for cell in MATRIX_CELLS:
        found |= run_entries(f"matrix/{cell}", answers.find_run(workspace, cell))
    return found | report_entries("report/matrix", workspace / "reports" / "matrix")


PARTS = {
    FIRST: Part(source_entries),
    **{name: Part(partial(study_entries, name)) for name in STUDIES if name not in ("twins", FIRST)},
    "matrix": Part(matrix_entries),
    "commands": Part(answers.command_entries),
    "data": Part(answers.data_entries),
    "edge": Part(answers.edge_entries),
    "sharing": Part(answers.sharing_entries, ("heads", "hybrid", "fused")),
    "live": Part(answers.live_entries, ("fused",)),
    "explain": Part(answers.explain_entries, ("networks", "fused")),
    "serve": Part(answers.serve_entries, ("hybrid",)),
}


def chosen_parts(patterns: list[str]) -> list[str]:
    """Return the parts that fit one of the patterns; all without any.

    Raises:
        ValueError: if a pattern fits none.
    """
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in PARTS):
            raise ValueError(f"--only {pattern}: there are the parts {', '.join(PARTS)}")
    return [name for name in PARTS if not patterns or any(fnmatch(name, pattern) for pattern in patterns)]


def compute(workspace: Path, chosen: list[str]) -> dict[str, Any]:
    """Compute parts of the baseline in an empty workspace; returns what the file holds.

    What needs no other part is computed at the same time, so that the second core is not idle.
    """
    write_experiments(workspace / "experiments")
    needed = {FIRST, *(name for part in chosen for name in (part, *PARTS[part].needs))}
    others = [name for name in PARTS if name in needed and name != FIRST]
    stages = [
        [FIRST],
        [name for name in others if not PARTS[name].needs],
        [name for name in others if PARTS[name].needs],
    ]
    found: dict[str, dict[str, Entry]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for names in stages:
            found |= dict(zip(names, pool.map(partial(record, workspace), names), strict=True))
    parts = {name: dict(sorted(found[name].items())) for name in chosen}
    return {"schema": SCHEMA, "machine": machine(), "versions": versions(), "parts": parts}


def record(workspace: Path, name: str) -> dict[str, Entry]:
    """Compute one part, and say how long it took."""
    started = time.monotonic()
    entries = PARTS[name].record(workspace)
    print(f"{name}: {len(entries)} entries, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return entries


def machine() -> dict[str, Any]:
    """Return what of the machine decides how it rounds: processor, instructions, cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    return {
        "processor": facts.get("model name", platform.processor()),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "cores": os.cpu_count(),
    }


def versions() -> dict[str, str]:
    """Return the versions of whatever computes a number."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}}


def write(file: Path, baseline: dict[str, Any]) -> None:
    """Write a baseline: an entry a line, so that a change of one is a change of one line."""
    head = [f'"{key}": {json.dumps(value)}' for key, value in baseline.items() if key != "parts"]
    parts = []
    for part, entries in baseline["parts"].items():
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
        parts.append(f"{json.dumps(part)}: {{\n{lines}\n}}")
    text = ",\n".join([*head, '"parts": {\n' + ",\n".join(parts) + "\n}"])
    file.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def report(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Print each difference; returns how many there are."""
    differences = compare(before, after)
    for name, old, new in differences:
        print(f"{name}\n    before: {old}\n    after:  {new}")
    how = "exactly" if same_machine(before, after) else "within a tolerance: another processor, or other versions"
    count = sum(map(len, after["parts"].values()))
    print(f"{count} entries compared {how}: {len(differences)} differ")
    return len(differences)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="baseline", description="Hashes of every number that tiny studies give.")
    parser.add_argument("--check", nargs="?", const=FILE, type=Path, metavar="FILE", help="compare with a file")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write a file; by default, without --check, " + FILE.name
    )
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="only these parts; repeat")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="an empty folder to work in, which is kept")
    chosen = parser.parse_args(arguments)
    parts = chosen_parts(chosen.only)
    before = json.loads(chosen.check.read_text(encoding="utf-8")) if chosen.check else None
    with tempfile.TemporaryDirectory(prefix="baseline-") as scratch:
        after = compute((chosen.workspace or Path(scratch)).resolve(), parts)
    if chosen.write or not chosen.check:
        write(chosen.write or FILE, after)
    return int(before is not None and report(before, after) > 0)


if __name__ == "__main__":
    sys.exit(main())
