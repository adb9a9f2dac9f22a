"""Fuzz every reader: `python -m tests.fuzz [--write] [--share .1] [reader ...]`; fails where one has a fault.

The inputs are the same at every call. `--write` keeps the rows in docs/fuzz.md; a family, such as
`tables`, stands for its readers.
"""

import argparse
import sys
import warnings
from pathlib import Path

from tests.fuzz.harness import Result, fuzz
from tests.fuzz.registry import FAMILIES, READERS
from transferpain.core.quiet import standard_error_silenced

PAGE = Path(__file__).parents[2] / "docs" / "fuzz.md"
BEGIN, END = "<!-- figures of make fuzz -->\n", "<!-- end -->\n"
COLUMNS = ("family", "reader", "inputs", "damaged: read", "damaged: refused", "changed: noticed", "faults")
SHOWN_BYTES = 400


def row(family: str, result: Result) -> tuple:
    """Return the cells of one reader's row."""
    noticed = result.changed - result.unnoticed
    return (family, result.name, result.inputs, result.read, result.refused, noticed, len(result.faults))


def table(rows: list[tuple]) -> str:
    """Return the results as a table in Markdown, with their sum."""
    total = ("all", f"{len(rows)} readers", *(sum(numbers) for numbers in zip(*(row[2:] for row in rows), strict=True)))
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows, total]
    return "".join(
        f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in row)} |\n" for row in lines
    )


def keep(rows: list[tuple]) -> None:
    """Write rows into the page; those of readers that were not fuzzed stay."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    former, _, after = rest.partition(END)
    known = {}
    for line in former.splitlines()[2:-1]:
        family, name, *numbers = line.strip("| ").split(" | ")
        known[name] = (family, name, *(int(number.replace(",", "")) for number in numbers))
    known |= {one[1]: one for one in rows}
    kept = [known[reader.name] for reader in READERS if reader.name in known]
    PAGE.write_text(f"{before}{BEGIN}{table(kept)}{END}{after}", encoding="utf-8")


def main() -> None:
    """Fuzz what is named, or everything, and show what became of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for family, reader in ((family, reader) for family, readers in FAMILIES.items() for reader in readers):
        if asked.readers and not {family, reader.name} & set(asked.readers):
            continue
        with standard_error_silenced():  # libraries of pictures and videos complain there of each input
            result = fuzz(reader, max(1, round(reader.inputs * asked.share)))
        rows.append(row(family, result))
        print(
            f"{reader.name}: {result.inputs:,} inputs, {len(result.faults)} faults, {result.seconds:.0f} s", flush=True
        )
        for fault, (content, shown) in result.faults.items():
            print(f"  {fault}: {content[:SHOWN_BYTES]!r}\n{shown}", flush=True)
        if asked.write:
            keep(rows)
    print(table(rows))
    sys.exit(any(one[-1] for one in rows))


if __name__ == "__main__":
    main()
