"""3DPain's annotations: from the folder of JSON files to a table of labels, and what is wrong with them."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from transferpain.core.file_state import file_state
from transferpain.core.foreign import reason_of
from transferpain.core.store import is_intact, reading_checked, write_checked
from transferpain.data.datasets.pain3d_labels import (
    HIGHEST,
    NEUTRAL_FACE,
    Annotation,
    AnnotationFault,
    parse_annotation,
)
from transferpain.data.media import walk

ENDING = "_annotations.json"
# Far above any annotation: what is larger is none.
LONGEST = 1 << 16
SHOWN = 5
LABELS = ["pspi", *(f"au{unit}" for unit in HIGHEST)]
UNKNOWN = Annotation(math.nan, (math.nan,) * len(HIGHEST))
# Part of the cache's key: raise it when what is cached changes.
READER_VERSION = 1


def tell(problems: list[str], what: str, names: Iterable[str]) -> None:
    """Add a sentence on names that have one thing in common, the first of them named; none where there are no names."""
    names = list(names)
    if names:
        rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        problems.append(f"{what}: {', '.join(names[:SHOWN])}{rest}.")


def annotation_labels(
    folder: Path | None, wanted: Mapping[str, bool], cache: Path | None, problems: list[str]
) -> pd.DataFrame:
    """Read the labels of all that pictures are of.

    A neutral face needs no annotation and is PSPI 0 without one. The stated PSPI counts, also where the action units
    give another by the formula, which is told.

    Args:
        folder: of the annotations; `None` if there is none.
        wanted: what pictures' names begin with, and whether it is a neutral face.
        cache: where the table is kept, below `index/`.
        problems: takes a sentence on whatever is missing, damaged or contradictory.

    Returns:
        A row for each of `wanted`, in its order: annotation, and `LABELS` (Float64, missing where there is no label).
    """
    if folder is None:
        problems.append("The folder annotations is missing: no picture but the neutral ones has a label.")
    files = {} if folder is None else _files(folder, problems)
    tell(problems, "Annotations without a picture", [f"{name}{ENDING}" for name in files if name not in wanted])
    table = _read({name: file for name, file in files.items() if name in wanted}, cache)
    stated = {row[0]: row for row in table.itertuples(index=False, name=None)}
    faults: dict[str, list[str]] = defaultdict(list)
    rows = []
    for name, neutral in wanted.items():
        _, fault, differs, *labels = stated.get(name, ("", "", False, *_values(NEUTRAL_FACE if neutral else UNKNOWN)))
        if name not in stated and not neutral and folder is not None:
            faults["Pictures without an annotation have no label"].append(name)
        if fault:
            faults[f"An annotation {fault}, so that its pictures have no label"].append(name)
        if differs:
            faults["The stated PSPI counts, which is not what the action units give by the formula"].append(name)
        if neutral and any(value > 0 for value in labels):
            faults["An annotation denies that a face is neutral, so that its pictures have no label"].append(name)
            labels = _values(UNKNOWN)
        rows.append((name, *labels))
    for fault, names in faults.items():
        tell(problems, fault, names)
    return pd.DataFrame(rows, columns=["annotation", *LABELS]).astype(dict.fromkeys(LABELS, "Float64"))


def _files(folder: Path, problems: list[str]) -> dict[str, Path]:
    """Return the annotations by what pictures' names begin with."""
    files: dict[str, Path] = {}
    ignored, twice = [], []
    for entry in walk.visible_entries(folder):
        name = entry.name.strip()
        if not (entry.is_file() and name.endswith(ENDING)):
            ignored.append(name)
        elif name.removesuffix(ENDING) in files:
            twice.append(name)
        else:
            files[name.removesuffix(ENDING)] = Path(entry.path)
    tell(problems, f"No annotations (<name>{ENDING}), ignored", ignored)
    tell(problems, "A second file of one annotation, ignored", twice)
    return files


def _read(files: dict[str, Path], cache: Path | None) -> pd.DataFrame:
    """Return annotation, fault, differs and labels of the files; from the cache if none has changed."""
    if cache is None:
        return _table(files)
    states = [(name, *file_state(file)) for name, file in files.items()]
    key = hashlib.sha256(repr((READER_VERSION, states)).encode()).hexdigest()[:16]
    cached = cache / "index" / f"pain3d-{key}.parquet"
    if not is_intact(cached):
        write_checked(cached, _table(files).to_parquet)
    with reading_checked(cached):
        return pd.read_parquet(cached)


def _table(files: dict[str, Path]) -> pd.DataFrame:
    rows = []
    for name, file in files.items():
        fault = ""
        try:
            with open(file, "rb", buffering=0) as opened:
                content = opened.read(LONGEST)
            if len(content) == LONGEST:
                raise AnnotationFault("is too long for one")
            annotation = parse_annotation(content)
        except AnnotationFault as error:
            annotation, fault = UNKNOWN, str(error)
        except OSError as error:
            annotation, fault = UNKNOWN, f"cannot be read ({reason_of(error)})"
        rows.append((name, fault, annotation.differs, *_values(annotation)))
    return pd.DataFrame(rows, columns=["annotation", "fault", "differs", *LABELS])


def _values(annotation: Annotation) -> tuple[float, ...]:
    return (annotation.score, *annotation.units)
