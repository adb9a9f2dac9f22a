"""Fuzz every reader: `python -m tests.fuzz [--write] [--share .1] [reader ...]`; fails where one has a fault.

The inputs are the same at every call. `--write` keeps the table in docs/fuzz.md.
"""

import argparse
import sys
import warnings
from pathlib import Path

from tests.fuzz.harness import Result, fuzz
from tests.fuzz.registry import FAMILIES
from transferpain.core.quiet import standard_error_silenced

PAGE = Path(__file__).parents[2] / "docs" / "fuzz.md"
BEGIN, END = "<!-- figures of make fuzz -->\n", "<!-- end -->\n"
COLUMNS = ("family", "reader", "inputs", "damaged: read", "damaged: refused", "changed: noticed", "faults")
SHOWN_BYTES = 400


def table(results: list[tuple[str, Result]]) -> str:
    """Return the results as a table in Markdown, with their sum."""
    rows = [
        (family, one.name, one.inputs, one.read, one.refused, one.changed - unnoticed(one), len(one.faults))
        for family, one in results
    ]
    total = ("all", f"{len(rows)} readers", *(sum(numbers) for numbers in zip(*(row[2:] for row in rows), strict=True)))
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows, total]
    return "".join(
        f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in row)} |\n" for row in lines
    )


def unnoticed(result: Result) -> int:
    """Return 1 if a change was not noticed: how many there were is not counted."""
    return int("a change was not noticed" in result.faults)


def main() -> None:
    """Fuzz what is named, or everything, and show what became of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    results = []
    for family, readers in FAMILIES.items():
        for reader in readers:
            if asked.readers and reader.name not in asked.readers:
                continue
            with standard_error_silenced():  # libraries of pictures and videos complain there of each input
                result = fuzz(reader, max(1, round(reader.inputs * asked.share)))
            results.append((family, result))
            print(
                f"{reader.name}: {result.inputs:,} inputs, {len(result.faults)} faults, {result.seconds:.0f} s",
                flush=True,
            )
            for fault, (content, shown) in result.faults.items():
                print(f"  {fault}: {content[:SHOWN_BYTES]!r}\n{shown}", flush=True)
    print(table(results))
    if asked.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}{table(results)}{END}{after}", encoding="utf-8")
    sys.exit(any(result.faults for _, result in results))


if __name__ == "__main__":
    main()
