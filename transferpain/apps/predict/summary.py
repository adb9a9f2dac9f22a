"""A table of answers as text: its first rows, and what is to be said of all of them."""

import pandas as pd

from transferpain.apps.predict.pictures import NO_FACE, OTHER_FACE, UNDECODED
from transferpain.core.synthetic_faces import Synthetic, named

COLUMNS = ["answer", "probability", "face", "box", "score", "frame", "file"]
SHORT = {NO_FACE: "no face", UNDECODED: "not decoded", OTHER_FACE: "other face"}  # any other problem is that of a file
NOT_READ = "not read"


def shown_rows(table: pd.DataFrame, most: int) -> tuple[list[str], list[list[str]]]:
    """Return the columns and the first rows of a table of `predict_places` as text."""
    return COLUMNS, [_cells(row) for row in table.head(most).to_dict("records")]


def files_without_answer(table: pd.DataFrame) -> list[str]:
    """Return the files in which no face was answered, in their order."""
    answered = table.groupby("file", sort=False)["answer"].agg(lambda answers: (answers != "").any())
    return answered.index[~answered].tolist()


def describe_answers(table: pd.DataFrame, most: int, kept: bool, taught_by: Synthetic = True) -> list[str]:
    """Return what is to be said below the rows that are shown.

    Args:
        most: how many of them are.
        kept: whether the whole table is written to a file.
        taught_by: what the synthetic faces are called that the model learned from, where the table says that it did.
    """
    faces, files = int((table["answer"] != "").sum()), table["file"].nunique()
    lines = [f"{faces} {'face' if faces == 1 else 'faces'} in {files} {'file' if files == 1 else 'files'}."]
    if without := files_without_answer(table):
        lines.append(f"Without an answer: {', '.join(without[:most])}{' ...' if len(without) > most else ''}.")
    unread = table[table["frame"].isna()]
    lines += [f"{file}: {problem}." for file, problem in zip(unread["file"], unread["problem"], strict=True)][:most]
    several = table.loc[table["faces"].fillna(0) > 1, "file"].nunique()
    if several:
        lines.append(f"With several faces in a frame, each of which has a row: {several}.")
    if len(table) > most:
        lines.append(f"Shown are {most} of {len(table)} rows{'' if kept else '; --to FILE.csv keeps all'}.")
    if table["synthetic"].any():
        lines.append(f"SYNTHETIC: the model was trained on {named(taught_by)}, and is not valid for people.")
    return [*lines, "Research only, no medical device."]


def _cells(row: dict) -> list[str]:
    frame = "-" if pd.isna(row["frame"]) else str(row["frame"])
    if not pd.isna(row["seconds"]):
        frame += f" ({row['seconds']:.2f} s)"
    if not row["answer"]:
        return [SHORT.get(row["problem"], NOT_READ), "-", "-", "-", "-", frame, row["file"]]
    left, top, right, bottom = (round(row[name]) for name in ("left", "top", "right", "bottom"))
    share = f"{row['p_' + row['answer']]:.3f}"
    place = f"{right - left}x{bottom - top} at {left}, {top}"
    return [row["answer"], share, f"{row['face']} of {row['faces']}", place, f"{row['score']:.2f}", frame, row["file"]]
