"""The label files of UNBC-McMaster: bytes to labels, or the reason why not."""

import re
from functools import lru_cache

import numpy as np

from transferpain.data.pspi import MAXIMUM

# The action units that are coded for pain; others in a file are passed over.
ACTION_UNITS = (4, 6, 7, 9, 10, 12, 20, 25, 26, 43)
CLOSED_EYES = 43
POINTS = 66
SEQUENCE_LABELS = {"aff": (1, 15), "opr": (0, 5), "sen": (1, 15), "vas": (0, 10)}

# MATLAB writes "   0.0000000e+00"; copies hold plain numbers, too. Python's float() takes much more: nan, 1_000.
NUMBER = re.compile(rb"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


class LabelFault(ValueError):
    """Why a label file holds no label; the message is the rest of a sentence, such as "is empty"."""


def parse_numbers(content: bytes) -> list[list[float]]:
    """Return the numbers of each line that is not blank.

    Raises:
        LabelFault: if anything in the file is not a number.
    """
    rows = []
    for line in content.splitlines():
        words = line.split()
        for word in words:
            if not NUMBER.fullmatch(word):
                raise LabelFault("holds something that is no number")
        if words:
            rows.append([float(word) for word in words])
    return rows


@lru_cache(maxsize=4096)
def parse_pspi(content: bytes) -> int:
    """Return the PSPI of a frame: exactly one number, whole, from 0 to 16. Raises `LabelFault`."""
    score = _single(content)
    if score != int(score) or not 0 <= score <= MAXIMUM:
        raise LabelFault(f"holds no whole number from 0 to {MAXIMUM}")
    return int(score)


@lru_cache(maxsize=65536)
def parse_facs(content: bytes) -> tuple[int, ...]:
    """Return the intensity of each of `ACTION_UNITS`; an empty file is a coded frame without any.

    A row is code, intensity and two numbers of which no source knows the meaning; they may be absent. AU43 is coded as
    present only and counts as 1. Of an action unit in two rows, the higher intensity counts (our choice).

    Raises:
        LabelFault: if a row has fewer than two numbers, or one out of its range.
    """
    intensities = dict.fromkeys(ACTION_UNITS, 0)
    for row in parse_numbers(content):
        if len(row) < 2:
            raise LabelFault("has a row with one number only")
        code, intensity = row[:2]
        if not 0 <= code <= 99 or code != int(code):
            raise LabelFault("names an action unit that is no whole number from 0 to 99")
        if code not in intensities:
            continue
        if not 0 <= intensity <= 5 or intensity != int(intensity):
            raise LabelFault("has an intensity that is no whole number from 0 to 5")
        value = 1 if code == CLOSED_EYES else int(intensity)
        intensities[int(code)] = max(intensities[int(code)], value)
    return tuple(intensities.values())


def parse_landmarks(content: bytes) -> np.ndarray:
    """Return the 66 points x, y of an AAM file in pixels, float64 `(66, 2)`. Raises `LabelFault`."""
    rows = parse_numbers(content)
    if len(rows) != POINTS or any(len(row) != 2 for row in rows):
        raise LabelFault(f"does not hold {POINTS} rows of two numbers")
    points = np.array(rows)
    if not np.isfinite(points).all():
        raise LabelFault("holds a number that is too large")
    return points


def parse_sequence_label(content: bytes, scale: str) -> float:
    """Return the label of a sequence: exactly one number, within the range of its scale.

    Args:
        content: the file's bytes.
        scale: a key of `SEQUENCE_LABELS`.

    Raises:
        LabelFault: if there is no such number.
    """
    lowest, highest = SEQUENCE_LABELS[scale]
    value = _single(content)
    if not lowest <= value <= highest:
        raise LabelFault(f"holds no number from {lowest} to {highest}")
    return value


def _single(content: bytes) -> float:
    numbers = [number for row in parse_numbers(content) for number in row]
    if not numbers:
        raise LabelFault("is empty")
    if len(numbers) > 1:
        raise LabelFault("holds more than one number")
    if not np.isfinite(numbers[0]):
        raise LabelFault("holds a number that is too large")
    return numbers[0]
