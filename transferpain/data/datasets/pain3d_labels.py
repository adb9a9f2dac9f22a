"""3DPain's names, annotations and split file: text to labels, or the reason why not."""

import csv
import io
import json
import math
import re
from dataclasses import dataclass

import numpy as np

from transferpain.core.foreign import parse_json
from transferpain.data.pspi import MAXIMUM, pspi

# The action units of an annotation, and the highest intensity of each; closed eyes are there or not.
HIGHEST = {4: 5, 6: 5, 7: 5, 9: 5, 10: 5, 43: 1}
CLOSED_EYES = 43
# A stated score may have been rounded to two decimals (our choice).
TOLERANCE = 0.005
SUBJECT = re.compile(r"(flame_sample_[0-9]+)_.+")
# What a picture's name goes on with behind the name of its annotation.
TAIL = re.compile(r"_(?:textured_view_|view_|bg_|render_|deform_|inpainted|textured)")
NEUTRAL = "_neutral"
SPLITS = {"0": "train", "1": "validation", "2": "test"}
SPLIT_HEADER = ["annotation_base_name", "split"]


class AnnotationFault(ValueError):
    """Why an annotation holds no label; the message is the rest of a sentence, such as "is no JSON object"."""


class SplitFault(ValueError):
    """Why a split file cannot be followed; the message is the rest of a sentence."""


@dataclass(frozen=True)
class Annotation:
    """What an annotation says.

    Attributes:
        score: PSPI, 0 to 16: the stated one, else that of the formula.
        units: the intensity of each of `HIGHEST`; NaN where it is not stated.
        differs: whether the stated score is not what the action units give by the formula.
    """

    score: float
    units: tuple[float, ...]
    differs: bool = False


# Of a neutral picture, which has no annotation.
NEUTRAL_FACE = Annotation(0.0, (0.0,) * len(HIGHEST))


def base_name(stem: str) -> str:
    """Return the name of the annotation that a picture's name begins with: what stands before the first known tail.

    Args:
        stem: the picture's name without its ending, e.g. `flame_sample_0000_pain_1_textured_view_000_inpainted`.
    """
    return TAIL.split(stem, maxsplit=1)[0]


def parse_annotation(content: bytes) -> Annotation:
    """Return what an annotation says. Keys other than PSPI and the action units are passed over.

    Raises:
        AnnotationFault: if it is no JSON object, a key stands twice, a value is no number within its range, or neither
            PSPI nor all action units are stated.
    """
    try:
        stated = parse_json(content)
        keys = [key for key, _ in json.loads(content, object_pairs_hook=list)] if isinstance(stated, dict) else []
    except ValueError:
        pointer = content.startswith(b"version https://git-lfs")
        raise AnnotationFault("is a pointer of Git LFS, and no JSON" if pointer else "is no JSON") from None
    if not isinstance(stated, dict):
        raise AnnotationFault("is no JSON object")
    if twice := [key for key in ("PSPI", *map("AU{}".format, HIGHEST)) if keys.count(key) > 1]:
        raise AnnotationFault(f"states {twice[0]} twice")
    units = {unit: _number(stated, f"AU{unit}", highest) for unit, highest in HIGHEST.items()}
    if units[CLOSED_EYES] not in (0, 1) and not math.isnan(units[CLOSED_EYES]):
        raise AnnotationFault(f"states as AU{CLOSED_EYES} what is neither 0 nor 1")
    by_formula = float(pspi({unit: np.float64(value) for unit, value in units.items()}))
    score = _number(stated, "PSPI", MAXIMUM)
    if math.isnan(score) and math.isnan(by_formula):
        missing = ", ".join(f"AU{unit}" for unit, value in units.items() if math.isnan(value))
        raise AnnotationFault(f"states no PSPI, and none of {missing} to compute it")
    if math.isnan(score):
        return Annotation(by_formula, tuple(units.values()))
    # NaN differs by nothing: without all action units there is nothing to compare.
    return Annotation(score, tuple(units.values()), abs(score - by_formula) > TOLERANCE)


def _number(stated: dict, key: str, highest: int) -> float:
    """Return a stated number, NaN where the key is not there."""
    if key not in stated:
        return math.nan
    value = stated[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= highest:
        raise AnnotationFault(f"states as {key} what is no number from 0 to {highest}")
    return float(value)


def parse_split(text: str) -> dict[str, str]:
    """Return the part of each subject in the public split: "train", "validation" or "test".

    Args:
        text: of a CSV with the columns `annotation_base_name` and `split`, which is 0, 1 or 2.

    Raises:
        SplitFault: if it has other columns, a row names no subject of 3DPain or no part, or a subject is in two parts.
    """
    try:
        lines = [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text, newline=""), strict=True)]
    except csv.Error as error:
        raise SplitFault(f"is no CSV ({error})") from None
    header, rows = (lines or [[]])[0], lines[1:]
    if header != SPLIT_HEADER:
        raise SplitFault(f"has not the columns {','.join(SPLIT_HEADER)}, but {','.join(header)[:80]!r}")
    parts: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        named = SUBJECT.fullmatch(row[0])
        if len(row) != len(SPLIT_HEADER) or named is None or row[1] not in SPLITS:
            raise SplitFault(f"has a line {number} that is not <annotation>,<0, 1 or 2>: {','.join(row)[:80]!r}")
        part = SPLITS[row[1]]
        if parts.setdefault(named[1], part) != part:
            raise SplitFault(f"has {named[1]} in two parts, {parts[named[1]]} and {part} (line {number})")
    return parts
