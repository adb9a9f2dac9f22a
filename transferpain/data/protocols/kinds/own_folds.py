"""Folds that the user dealt: a column of the index, or a file that names each subject's fold."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import nearest, quoted, same_names
from transferpain.core.store import fingerprint
from transferpain.data.datasets.csv_table import check_rows, read_table
from transferpain.data.media.walk import natural_key
from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings

NAME = "own_folds"
SUFFIX = ".csv"
SHOWN = 5
# What programs write for a value that is missing: nobody calls a fold so.
NO_FOLD = ("", "nan", "na", "n/a", "none", "null", "nat", "<na>", "#n/a")


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Test on each fold of `folds_from` in turn, named as the user named it.

    Raises:
        UserError: if a subject has no fold, or several; a fold is written in several ways, as 1 and 1.0; there is one
            fold only; or the file, or the column, cannot be used.
    """
    given = _of_file(settings.folds_from) if is_file(settings) else _of_column(clips, subjects, settings.folds_from)
    people = sorted(set(subjects.tolist()))
    without = [person for person in people if given.get(person, "").casefold() in NO_FOLD]
    if without:
        near = nearest(without[0], given) if without[0] not in given else None
        hint = f"; {settings.folds_from} has {quoted(near)}" if near else ""
        raise _error(
            f"{len(without)} of {len(people)} subjects have no fold.",
            settings,
            f"{', '.join(map(quoted, without[:SHOWN]))}{hint}",
        )
    if is_file(settings):
        _check_spellings(given, people, settings)
    fold = np.array([given[subject] for subject in subjects])
    names = sorted(set(fold.tolist()), key=natural_key)
    if alike := same_names(names):
        raise _error("One fold is written in several ways.", settings, " and ".join(map(quoted, alike[0])))
    if len(names) < 2:
        raise _error("All subjects are in one fold.", settings, quoted(names[0]))
    return [(name, fold != name, fold == name) for name in names]


def is_file(settings: SplitSettings) -> bool:
    """Tell whether the folds stand in a file of their own."""
    return str(settings.folds_from).endswith(SUFFIX)


def inputs(settings: SplitSettings) -> tuple[str, ...]:
    """Return what names the folds of a file in a run's hash; a column is named with the index."""
    return (fingerprint(["folds", sorted(_of_file(settings.folds_from).items())]),) if is_file(settings) else ()


def provenance(settings: SplitSettings) -> tuple[str, ...]:
    """Say that the folds are the user's."""
    where = "file" if is_file(settings) else "column of the index"
    return (f"{settings.folds_from}: the user's own folds, a {where}",)


def _of_file(name: str) -> dict[str, str]:
    path = Path(name)
    table = read_table(path, ("subject", "fold"))
    check_rows(path, table["subject"], table["subject"] == "", "A row has no subject")
    check_rows(path, table["subject"], table["fold"] == "", "A subject has no fold")
    check_rows(path, table["subject"], table["subject"].duplicated(keep=False), "A subject stands twice")
    return dict(zip(table["subject"], table["fold"], strict=True))


def _of_column(clips: pd.DataFrame, subjects: np.ndarray, column: str) -> dict[str, str]:
    if column not in clips:
        raise UserError(
            f"The data have no column {quoted(column)} that deals out the folds.",
            rule=f"protocol.folds_from is a column of index.csv, or a file of subject and fold that ends in {SUFFIX}.",
            received=f"the columns {', '.join(map(str, clips.columns))}",
            todo="Add the column to index.csv, or write the file.",
        )
    cells = clips[column].astype("string").fillna("").to_numpy(dtype=str)
    pairs = sorted(set(zip(subjects.tolist(), cells.tolist(), strict=True)))
    several = [person for (person, _), (other, _) in pairwise(pairs) if person == other]
    if several:
        dealt = ", ".join(quoted(cell) for person, cell in pairs if person == several[0])
        raise UserError(
            f"{len(set(several))} subjects are in several folds.",
            rule="All clips of a subject are in one fold: nobody is trained on and tested on.",
            received=f"{quoted(several[0])}: {dealt}",
            todo=f"Correct the column {quoted(column)} of index.csv.",
        )
    return dict(pairs)


def _check_spellings(given: dict[str, str], people: list[str], settings: SplitSettings) -> None:
    """Refuse a file that has a subject of the data once more, under another spelling and in another fold."""
    for group in same_names([*people, *given]):
        known = [name for name in group if name in people]
        other = [name for name in group if name not in people and given[name] != given[known[0]]] if known else []
        if other:
            dealt = ", ".join(f"{quoted(name)} in {quoted(given[name])}" for name in (known[0], other[0]))
            raise _error("A subject stands in two folds, under two spellings.", settings, dealt)


def _error(what: str, settings: SplitSettings, received: str) -> UserError:
    column = "" if is_file(settings) else "the column "
    return UserError(
        what,
        rule="Each subject that the task uses is in one of two or more folds; each fold in turn is tested on.",
        received=received,
        todo=f"Correct {column}{settings.folds_from}{' of the index' if column else ''}.",
    )


OWN_FOLDS = ProtocolKind(name=NAME, split=split, needs={"folds_from": ""}, provenance=provenance, inputs=inputs)
