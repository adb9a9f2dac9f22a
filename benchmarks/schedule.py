"""How long the matrix takes on a cluster, played through: BioVid and UNBC-McMaster at their official sizes.

Nothing is computed: the files are empty, as an estimate opens none. The datasets that are not there leave their cells
absent.
"""

import time
from pathlib import Path

from benchmarks.indexing import FULL, write_biovid, write_unbc
from benchmarks.measure import Figure, main
from transferpain.data.places import Places
from transferpain.experiments.matrix.run import dry_run_rows
from transferpain.experiments.schedule import COLUMNS

MATRIX = Path(__file__).parents[1] / "experiments" / "transfer-matrix.yaml"
PROCESSORS = (8, 64, 256, 1000)
THREADS = 4
# Half of the sequences, as a matrix asks for clips with pain and clips without.
PAINLESS = FULL.sequences // 2
SHOWN = {"hours": "h", "with stragglers": "h", "busy": "of the processors"}


def measure(folder: Path, quick: bool) -> dict:
    write_biovid(folder / "data" / "biovid", FULL.subjects)
    if not quick:
        write_unbc(folder / "data" / "unbc", FULL.sequences, PAINLESS)
    where = ["target=biovid", "head=lstm", "source=untrained"] if quick else []
    started = time.monotonic()
    cells, schedules = dry_run_rows(MATRIX, Places(folder / "data", folder), [f"threads={THREADS}"], where, PROCESSORS)
    figures = [Figure("the dry run", time.monotonic() - started, "s", most=120)]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in schedules]
    figures.append(Figure(f"{_to_do(cells)} cells: the longest way", float(rows[0]["longest way"]), "h"))
    for row in rows:
        for column, unit in SHOWN.items():
            value = float(row[column].rstrip("%")) / (100 if "%" in row[column] else 1)
            figures.append(Figure(f"{row['processors']} processors: {column}", value, unit))
    return {"figures": figures, "schedules": rows}


def _to_do(cells: list[list[str]]) -> int:
    return sum(row[5] == "to do" for row in cells)


if __name__ == "__main__":
    main("schedule", measure)
