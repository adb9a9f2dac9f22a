"""Runs benchmarks, each in a process of its own, and renews the table: python -m benchmarks [NAME ...]"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.measure import RESULTS
from benchmarks.table import write_table
from benchmarks.twin_tables import write_tables

HOME = Path(__file__).parent
NAMES = (
    "startup",
    "indexing",
    "faces",
    "landmarks",
    "extraction",
    "backbones",
    "heads",
    "training",
    "scores",
    "coverage",
    "null_worlds",
    "permutations",
    "twins",
    "guarantees",
    "memory",
    "sharing",
    "server",
    "live",
    "demo",
    "matrix",
    "cluster",
    "schedule",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure; all of it by default.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def run(name: str, out: Path) -> None:
        print(f"{name} ...", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", "--out", str(out)]
        subprocess.run(command, cwd=HOME.parent, env=quiet, check=True)

    try:
        run_all(names, run, RESULTS)
    finally:
        write_table(HOME / "README.md", RESULTS)
        write_tables(HOME.parent / "docs" / "twins.md", RESULTS)


def run_all(names: Sequence[str], run: Callable[[str, Path], object], results: Path) -> None:
    """Run benchmarks, and put their result files into `results` in the end, also where one fails.

    A file that was replaced before would be a change of the commit that the next one states.

    Args:
        run: takes a name, and the folder that the result file is written to.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in names:
                run(name, Path(folder))
        finally:
            for result in Path(folder).glob("*.json"):
                shutil.move(result, results / result.name)


if __name__ == "__main__":
    main()
