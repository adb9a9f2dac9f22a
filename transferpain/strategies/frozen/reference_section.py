"""What a neutral reference adds to a report: what was taken out, which frames were read, and who has none."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field

from transferpain.core.contracts import Section, Table
from transferpain.strategies.common.stated import Stated, read_stated
from transferpain.strategies.frozen.reference import REFERENCES

SHOWN = 10


class StatedReferences(Stated):
    """`reference.json` of a run."""

    form: Literal["difference", "pair", "withheld"]
    frames: int | None
    of: Literal["own", "another"]
    missing: Literal["refuse", "leave_out"]
    neutral: dict[str, str]
    clips: int
    subjects: int
    frames_used: Annotated[list[int | float], Field(min_length=3, max_length=3)] | None
    fewer_frames: int | None
    coverage: float
    without_face: list[str]
    left_out: list[str]


def reference_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` without a reference.

    Raises:
        OddFile: if what the run says of it is damaged; the file and the key are named.
    """
    if not (run / REFERENCES).is_file():
        return None
    stated = StatedReferences(**read_stated(run / REFERENCES, StatedReferences))
    rows = {
        "Read as": "not read: what runs with a reference are compared with, on the same clips"
        if stated.form == "withheld"
        else stated.form,
        "Whose": "the person's own" if stated.of == "own" else "that of another person of the same part: a control",
        "Neutral by": "; ".join(f"{dataset}: {labels}" for dataset, labels in stated.neutral.items()),
        "Taken out of training, selection and test": f"{stated.clips} clips of {stated.subjects} subjects",
        "Neutral frames with a face": f"{100 * stated.coverage:.1f} %",
        "Frames of a reference": _frames(stated),
        "Subjects without a neutral clip, left out": _names(stated.left_out)
        if stated.missing == "leave_out"
        else "none: they would have been refused",
        "Subjects whose neutral clip shows no face": _names(stated.without_face),
    }
    if stated.form == "withheld":
        rows = {name: said for name, said in rows.items() if name not in ("Whose", "Frames of a reference")}
    text = pd.DataFrame({"": rows.keys(), "Neutral reference": rows.values()})
    lacking = len(stated.without_face)
    warning = f"{lacking} of {stated.subjects} subjects have no reference, and are answered as without a face."
    control = "A CONTROL: each face is compared with that of a wrong person."
    return Section(
        title="Neutral reference",
        tables=(Table("reference", None, text, "Neutral reference", kind="pairs"),),
        notes=(
            _note(stated),
            *((control,) if stated.of == "another" else ()),
            *((warning,) if lacking and stated.form != "withheld" else ()),
        ),
        folded=True,
    )


def _note(stated: StatedReferences) -> str:
    taken = f"One neutral clip of each of {stated.subjects} subjects is taken out of training, selection and test"
    if stated.form == "withheld":
        return f"{taken}, and not read."
    return f"{taken}; the head reads the {stated.form} of features and the mean of {stated.frames} frames of it."


def _frames(stated: StatedReferences) -> str:
    if not stated.frames_used:
        return "none"
    least, middle, most = (f"{value:g}" for value in stated.frames_used)
    fewer = f"; fewer than {stated.frames} of {stated.fewer_frames} subjects" if stated.fewer_frames else ""
    return f"{middle} in the median, {least} to {most}{fewer}"


def _names(subjects: list[str]) -> str:
    more = f", and {len(subjects) - SHOWN} more" if len(subjects) > SHOWN else ""
    return f"{len(subjects)}: {', '.join(subjects[:SHOWN])}{more}" if subjects else "none"
