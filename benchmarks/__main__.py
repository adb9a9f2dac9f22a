"""Runs benchmarks, each in a process of its own, and renews the table: python -m benchmarks [NAME ...]"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import RESULTS
from benchmarks.table import write_table

HOME = Path(__file__).parent
NAMES = (
    "startup",
    "indexing",
    "faces",
    "landmarks",
    "extraction",
    "heads",
    "training",
    "scores",
    "memory",
    "sharing",
    "server",
    "live",
    "demo",
    "matrix",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure; all of it by default.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in names:
        print(f"{name} ...", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=HOME.parent, env=quiet, check=True)
        write_table(HOME / "README.md", RESULTS)


if __name__ == "__main__":
    main()
