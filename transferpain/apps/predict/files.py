"""A table of answers as a file, CSV or JSON."""

import os
from pathlib import Path

import pandas as pd

from transferpain.apps.predict.pictures import BOX
from transferpain.core.csv_file import write_csv
from transferpain.core.dangling import dangling_link
from transferpain.core.errors import UserError
from transferpain.core.store import write_json

KINDS = (".csv", ".json")


def check_free(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Raises:
        UserError: if it has another ending than those of `KINDS`, something stands there, or its folder cannot be
            written to.
    """
    if path.suffix.lower() not in KINDS:
        raise UserError(
            "A table of answers cannot be written there.",
            rule=f"Its name ends in {' or '.join(KINDS)}.",
            received=path,
            todo="Name such a file.",
        )
    if path.exists():
        raise UserError(
            f"{path} is there already.",
            rule="No file is written over.",
            todo="Name another file, or move this one.",
        )
    if said := dangling_link(path.absolute()):
        raise UserError(
            f"{path} cannot be written.",
            rule="It stands in a folder that you may write to; folders that are missing are made.",
            received=said,
            todo="Make the folder that the link leads to, or name another place.",
        )
    beside = next(folder for folder in path.absolute().parents if folder.exists())
    if not beside.is_dir() or not os.access(beside, os.W_OK | os.X_OK):
        raise UserError(
            f"{path} cannot be written.",
            rule="It stands in a folder that you may write to; folders that are missing are made.",
            received=f"{beside}, {'which is closed to you' if beside.is_dir() else 'which is a file'}",
            todo="Name another place.",
        )


def write_answers(path: Path, table: pd.DataFrame, classes: tuple[str, ...], model: dict) -> None:
    """Write a table of `predict_places`.

    Args:
        path: a `.csv` file, or a `.json` file, in which each face has its box and its probabilities by class.
        classes: of the model.
        model: what JSON says of it: JSON types.

    Raises:
        UserError: as `check_free`.
    """
    check_free(path)
    if path.suffix.lower() == ".csv":
        write_csv(path, table, "%.6f")
        return
    rows = [_entry(row, classes) for row in table.astype(object).where(table.notna(), None).to_dict("records")]
    write_json(path, {**model, "classes": list(classes), "rows": rows})


def _entry(row: dict, classes: tuple[str, ...]) -> dict:
    answered = bool(row["answer"])
    return {
        **{name: row[name] for name in ("file", "frame", "seconds", "faces", "face", "problem")},
        "box": {name: row[name] for name in BOX if name != "score"} if answered else None,
        "score": row["score"],
        "answer": row["answer"] or None,
        "probabilities": {name: row[f"p_{name}"] for name in classes} if answered else None,
    }
