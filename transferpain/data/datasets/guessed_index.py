"""An `index.csv` that was made from names, and its column `guessed`, which says what nobody has confirmed yet."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from transferpain.core.csv_file import as_shown, write_csv
from transferpain.data.datasets.csv_table import check_rows
from transferpain.data.datasets.guessed_names import Guess

GUESSED = "guessed"
# What the cells of that column may say.
CELLS = ("", "subject", "label", "subject label")


def write_guessed(path: Path, media: Sequence[str], subjects: Guess, labels: Guess) -> None:
    """Write an index of clips, each with what its name says, and in `guessed` which of that was guessed.

    Args:
        path: of the `index.csv`.
        media: paths relative to its folder, written with `/`.
        subjects, labels: of each of them.
    """
    stems = [os.path.splitext(one)[0] for one in media]
    named = {one: one if stems.count(stem) > 1 else "" for one, stem in zip(media, stems, strict=True)}
    columns = ["media", "subject", "label", *(["clip"] if any(named.values()) else []), GUESSED]
    rows = []
    for one, subject, label in zip(media, subjects.values, labels.values, strict=True):
        guessed = " ".join(name for name, value in (("subject", subject), ("label", label)) if value)
        # A spreadsheet runs a cell that begins with `=`; a path that begins with `./` is the same path.
        shown = one if as_shown(one) == one else f"./{one}"
        rows.append({"media": shown, "subject": subject, "label": label, "clip": named[one], GUESSED: guessed})
    write_csv(path, pd.DataFrame(rows, columns=columns))


def read_guessed(path: Path, table: pd.DataFrame) -> list[str]:
    """Return what an index still holds of guesses, in a sentence; none where everything was confirmed.

    Args:
        path: of the `index.csv`.
        table: its text cells, with the column `guessed`.

    Raises:
        UserError: if a cell of that column says anything else.
    """
    cells = table[GUESSED]
    check_rows(path, cells, ~cells.isin(CELLS), f"In the column {GUESSED}, a cell is none of {', '.join(CELLS[1:])}")
    counts = {name: int(cells.str.contains(name).sum()) for name in ("subject", "label")}
    said = " and ".join(f"the {name}s of {count} clips" for name, count in counts.items() if count)
    if not said:
        return []
    return [f"{said[0].upper()}{said[1:]} were guessed from names: confirm them, and empty the column {GUESSED}."]
