"""Read the tables of action units that py-feat, OpenFace 2 and LibreFace write, one row per frame."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import plain
from transferpain.core.text_file import read_text
from transferpain.inputs.action_units.measured import ActionUnits, Estimator

# How the tools write a number that is not there: pandas, NumPy, and C++ on Windows.
MISSING = ("", "nan", "-nan", "na", "-nan(ind)", "none")
MOST_FRAMES = 2**31  # longer than any video, and every number up to it is exact as a float
SHOWN_LINES = 3


@dataclass(frozen=True)
class Tool:
    """How one tool writes its table.

    `intensity`, `presence`: the names of the columns, whose group is the action unit's number. `marks`: columns of
    which one is there in every such table. `first_frame`: from which number frames are counted. `success`: a column
    that is 1 where a face was measured; in other rows the tool writes zeros, which mean nothing. `overshoots`: whether
    its numbers may lie a little outside of the scale, as a regression's do. `times`: a column that says when a frame
    was filmed, and how many of its units a second has.
    """

    estimator: Estimator
    intensity: re.Pattern
    presence: re.Pattern | None
    marks: tuple[str, ...]
    frame: str
    first_frame: int
    confidence: str
    success: str
    overshoots: bool = False
    times: tuple[str, int] = ("", 1)


PY_FEAT = Tool(
    # Its docs, "Plotting": the default model (xgb) answers 0 to 1, and is no model of the coders' A to E.
    Estimator("py-feat", "py-feat", "activation", 1),
    intensity=re.compile(r"AU(\d{2})"),
    presence=None,
    marks=("FaceScore", "FaceRectX"),
    frame="frame",
    first_frame=0,
    confidence="FaceScore",
    success="",
)
OPENFACE = Tool(
    # Its wiki, "Output Format" and "Action Units": _r is an intensity of 0 to 5, _c absent or present.
    Estimator("openface", "OpenFace 2", "intensity", 5),
    intensity=re.compile(r"AU(\d{2})_r"),
    presence=re.compile(r"AU(\d{2})_c"),
    marks=("confidence",),
    frame="frame",
    first_frame=1,
    confidence="confidence",
    success="success",
    times=("timestamp", 1),
)
LIBREFACE = Tool(
    # Its code: intensities are answers of 0 to 1 times 5, which only one of its two models cuts to the scale.
    Estimator("libreface", "LibreFace", "intensity", 5),
    intensity=re.compile(r"au_(\d{1,2})_intensity"),
    presence=re.compile(r"au_(\d{1,2})"),
    marks=(),
    frame="frame_idx",
    first_frame=0,
    confidence="",
    success="",
    overshoots=True,
    times=("frame_time_in_ms", 1000),
)
TOOLS = (PY_FEAT, OPENFACE, LIBREFACE)


def read_action_units(path: Path) -> ActionUnits:
    """Read the table of one clip; the names of its columns tell which tool wrote it.

    A frame in which the tool found no face, and a cell that holds no number, is missing, never 0. Frames are
    counted from 0, whatever the tool does.

    Args:
        path: a CSV file of py-feat, OpenFace 2 or LibreFace, one face per frame.

    Raises:
        UserError: if the file is no such table, a number lies outside of the tool's scale, or a frame has two rows.
    """
    _, header = next(_read_rows(path), (0, []))
    tool = _recognise(path, header)
    intensity = _columns(path, header, tool.intensity)
    presence = _columns(path, header, tool.presence) if tool.presence else {}
    facts = _facts(path, tool, header)
    times = [name for name in tool.times[:1] if name and name in header]
    cells = _read_cells(path, [*facts, *times, *intensity.values(), *presence.values()])
    numbers = pd.DataFrame({name: _numbers(path, cells[name]) for name in cells})
    frames = _frames(path, tool, numbers)
    intensities = _scaled(path, numbers, intensity, tool.estimator.maximum, tool.overshoots)
    presences = _scaled(path, numbers, presence, 1, False)
    _check_answers(path, numbers, presence.values(), "A detection is 0 or 1")
    found = intensities.notna().any(axis=1) | presences.notna().any(axis=1)
    if tool.success in numbers:
        _check_answers(path, numbers, [tool.success], f"{tool.success} is 0 or 1")
        found &= numbers[tool.success] == 1
    confidence = numbers.get(tool.confidence, pd.Series(np.nan, index=numbers.index))
    return ActionUnits(
        tool.estimator,
        found.set_axis(frames).rename("found"),
        confidence.set_axis(frames).rename("confidence"),
        intensities.where(found).set_axis(frames),
        presences.where(found).set_axis(frames),
        _rate(path, numbers[times[0]].set_axis(frames) / tool.times[1]) if times else None,
    )


def _read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells, without outer blanks, of each line that is not empty."""
    try:
        reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
        # OpenFace writes a blank before each cell.
        yield from ((reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row))
    except (OSError, csv.Error) as error:
        raise _error(path, "It is a table of comma separated values in UTF-8.", error) from error


def _recognise(path: Path, header: list[str]) -> Tool:
    found = [
        tool
        for tool in TOOLS
        if any(tool.intensity.fullmatch(name) for name in header)
        or (tool.presence and any(tool.presence.fullmatch(name) for name in header))
    ]
    if len(found) != 1:
        rule = "It has the columns of py-feat (AU04), OpenFace 2 (AU04_r, AU04_c) or LibreFace (au_4_intensity, au_4)"
        titles = " and ".join(tool.estimator.title for tool in found)
        shown = ",".join(header[:8]) + (",..." if len(header) > 8 else "")
        raise _error(path, f"{rule}, of one of them.", f"columns of {titles}" if found else shown or "no columns")
    (tool,) = found
    if tool.marks and not set(tool.marks) & set(header):
        rule = (
            f"A table of {tool.estimator.title} has a column {' or '.join(tool.marks)}; without, the scale is unknown."
        )
        raise _error(path, rule, ",".join(header[:8]))
    return tool


def _facts(path: Path, tool: Tool, header: list[str]) -> list[str]:
    """Return the columns beside those of action units that are read; one without a name, as of an index, is none.

    Refuses columns that would be passed over because they are spelt otherwise, or of which one stands twice.
    """
    known = [name for name in (tool.frame, tool.confidence, tool.success) if name]
    meant = {plain(name): name for name in known}
    for name in header:
        if name not in known and plain(name) in meant:
            raise _error(path, f"The column of that meaning is called {meant[plain(name)]}.", name)
        for pattern in filter(None, (tool.intensity, tool.presence)):
            if re.fullmatch(pattern.pattern, name, re.IGNORECASE) and not pattern.fullmatch(name):
                raise _error(path, f"Columns of {tool.estimator.title} are spelt {pattern.pattern}.", name)
    if doubled := [name for name in known if header.count(name) > 1]:
        raise _error(path, "Each column stands once.", f"{doubled[0]} {header.count(doubled[0])} times")
    return [name for name in known if name in header]


def _columns(path: Path, header: list[str], pattern: re.Pattern) -> dict[int, str]:
    """Return the columns whose names fit, by action unit, in the order of the numbers."""
    names = [name for name in header if pattern.fullmatch(name)]
    found = {int(pattern.fullmatch(name)[1]): name for name in names}
    if len(found) < len(names):
        raise _error(path, "Each action unit has one column.", ",".join(names))
    return dict(sorted(found.items()))


def _read_cells(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return some columns as text; the index are the numbers of the lines."""
    rows = _read_rows(path)
    _, header = next(rows)
    places = [header.index(name) for name in columns]
    cells = {}
    for line, row in rows:
        if len(row) != len(header):
            raise _error(path, f"Its lines have {len(header)} cells, as the first.", f"line {line}: {len(row)} cells")
        cells[line] = [row[place] for place in places]
    if not cells:
        raise _error(path, "It has one row per frame below the names of its columns.", "no rows")
    return pd.DataFrame.from_dict(cells, orient="index", columns=columns, dtype="str")


def _numbers(path: Path, cells: pd.Series) -> pd.Series:
    """Return a column as float64; NaN where the tool wrote no number."""
    missing = cells.str.lower().isin(MISSING)
    numbers = pd.to_numeric(cells.where(~missing), errors="coerce").astype("float64")
    _check(path, cells, numbers.isna() & ~missing, "Its cells are numbers")
    return numbers


def _frames(path: Path, tool: Tool, numbers: pd.DataFrame) -> pd.Index:
    if tool.frame not in numbers:
        if len(numbers) > 1:
            raise _error(path, f"Several rows need a column {tool.frame}.", f"{len(numbers)} rows")
        return pd.Index([0], name="frame")
    frames = numbers[tool.frame] - tool.first_frame
    _check(path, numbers[tool.frame], ~(frames.between(0, MOST_FRAMES) & frames.eq(frames.round())),
           f"Frames are counted from {tool.first_frame}")  # fmt: skip
    _check(path, numbers[tool.frame], frames.duplicated(), "A frame has one row: keep one person's face of each frame")
    return pd.Index(frames.astype("int64"), name="frame")


def _rate(path: Path, times: pd.Series) -> float | None:
    """Return the frames a second that times (seconds, by frame) tell; pictures have none, or all the same."""
    times = times.dropna().sort_index()
    falling = np.flatnonzero(np.diff(times) < 0)
    if len(falling):
        before, after = times.iloc[falling[0] : falling[0] + 2]
        raise _error(path, "The times of frames rise with their numbers.", f"{after:g} s after {before:g} s")
    passed = times.iloc[-1] - times.iloc[0] if len(times) else 0
    return float((times.index[-1] - times.index[0]) / passed) if passed > 0 else None


def _scaled(
    path: Path, numbers: pd.DataFrame, columns: dict[int, str], maximum: float, overshoots: bool
) -> pd.DataFrame:
    """Return columns of action units; those of a tool that overshoots are cut to the scale, others are refused."""
    values = numbers[list(columns.values())].set_axis(list(columns), axis=1)
    if overshoots:
        for name in columns.values():
            near = numbers[name].between(-maximum, 2 * maximum) | ~np.isfinite(numbers[name])
            _check(path, numbers[name], ~near, f"The scale of {name} is 0 to {maximum:g}, and a little more or less")
        return values.where(np.isfinite(values)).clip(0, maximum)
    for name in columns.values():
        outside = ~numbers[name].between(0, maximum) & numbers[name].notna()
        _check(path, numbers[name], outside, f"The scale of {name} is 0 to {maximum:g}")
    return values


def _check_answers(path: Path, numbers: pd.DataFrame, columns: Iterable[str], rule: str) -> None:
    for name in columns:
        _check(path, numbers[name], ~numbers[name].isin([0, 1]) & numbers[name].notna(), rule)


def _check(path: Path, cells: pd.Series, wrong: pd.Series, rule: str) -> None:
    if wrong.any():
        shown = [f"line {line}: {cell}" for line, cell in cells[wrong].head(SHOWN_LINES).items()]
        rest = int(wrong.sum()) - len(shown)
        raise _error(path, f"{rule}.", f"{cells.name}, {', '.join(shown)}" + (f" and {rest} more" if rest else ""))


def _error(path: Path, rule: str, received: object) -> UserError:
    return UserError(
        f"{path} cannot be used as a table of action units.",
        rule=rule,
        received=received,
        todo="Give the file as py-feat, OpenFace 2 or LibreFace wrote it.",
    )
