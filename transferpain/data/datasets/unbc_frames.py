"""The table of UNBC-McMaster's frames: one row per picture, with the labels that its files hold."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.file_state import file_state
from transferpain.data.datasets.describe_frames import describe_frames
from transferpain.data.datasets.unbc_labels import ACTION_UNITS, LabelFault, parse_facs, parse_pspi
from transferpain.data.pspi import pspi

LONGEST_LABEL = 1 << 16
MISSING = -1


@dataclass(frozen=True)
class Sequence:
    """A sequence on disk.

    Attributes:
        subject: the subject's folder, e.g. `042-ll042`.
        clip: the sequence, e.g. `ll042t1aaaff`.
        folder: where its pictures stand.
        pictures: size in bytes of each frame's picture, by ascending frame number.
        files: the frames' files by kind ("pspi", "facs", "landmarks") and frame; a kind that the copy lacks is absent.
    """

    subject: str
    clip: str
    folder: Path
    pictures: dict[int, int]
    files: dict[str, dict[int, os.DirEntry]]

    def state(self) -> list:
        """Return what changes whenever a file changes from which the table of frames is read."""
        state: list = [sorted(self.files), list(self.files.get("landmarks", ()))]
        for kind in ("pspi", "facs"):
            for frame, file in self.files.get(kind, {}).items():
                state.append((kind, frame, *file_state(file)))
        return state


def frames_table(sequences: Iterable[Sequence]) -> pd.DataFrame:
    """Read the labels of every frame that has a picture.

    Returns:
        clip, frame (int64), pspi (Int64), au4 ... au43 (Int64, 0 to 5, au43 0 or 1; missing together where a frame has
        no legible FACS file) and has_landmarks. `attrs["problems"]` lists missing, damaged and contradictory labels.
    """
    problems: list[str] = []
    parts = [_read_sequence(sequence, problems) for sequence in sequences]
    table = pd.concat(parts, ignore_index=True)
    table.attrs = {"problems": problems}
    return table


def read_label(path: str) -> bytes:
    """Return a label file's bytes.

    Raises:
        LabelFault: if it cannot be read, or is far too long for a label.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            content = file.read(LONGEST_LABEL)
    except OSError as error:
        raise LabelFault(f"cannot be read ({error.strerror})") from None
    if len(content) == LONGEST_LABEL:
        raise LabelFault("is too long for a label")
    return content


def _read_sequence(sequence: Sequence, problems: list[str]) -> pd.DataFrame:
    numbers = list(sequence.pictures)
    faults: dict[str, list[int]] = defaultdict(list)
    scores = _read_kind(sequence, "pspi", parse_pspi, faults)
    units = _read_kind(sequence, "facs", parse_facs, faults)
    rows = np.array([units.get(number, (MISSING,) * len(ACTION_UNITS)) for number in numbers], dtype=np.int64)
    table = pd.DataFrame({"clip": sequence.clip, "frame": np.array(numbers, dtype=np.int64)})
    score = np.array([scores.get(number, MISSING) for number in numbers], dtype=np.int64)
    table["pspi"] = _nullable(score)
    for column, unit in enumerate(ACTION_UNITS):
        table[f"au{unit}"] = _nullable(rows[:, column])
    table["has_landmarks"] = [number in sequence.files.get("landmarks", {}) for number in numbers]
    by_formula = pspi({unit: rows[:, column] for column, unit in enumerate(ACTION_UNITS)})
    differs = (score != MISSING) & (rows[:, 0] != MISSING) & (score != by_formula)
    faults["PSPI is not what the action units give by the formula"] = table["frame"][differs].tolist()
    gaps = set(range(1, numbers[-1] + 1)) - set(numbers)
    faults["picture is missing"] = sorted(gaps)
    problems += [f"{sequence.clip}: {fault} ({describe_frames(frames)})." for fault, frames in faults.items() if frames]
    return table


def _read_kind(sequence: Sequence, kind: str, parse: Callable, faults: dict[str, list[int]]) -> dict:
    """Return the labels of one kind by frame; what has none is noted in `faults`."""
    if kind not in sequence.files:
        # A whole kind without a folder is told once, not for each sequence.
        return {}
    files = sequence.files[kind]
    labels = {}
    for frame in sequence.pictures:
        try:
            if frame not in files:
                raise LabelFault("is missing")
            labels[frame] = parse(read_label(files[frame].path))
        except LabelFault as fault:
            faults[f"{kind.upper()} file {fault}"].append(frame)
    return labels


def _nullable(values: np.ndarray) -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(values, values == MISSING))
