"""Predictions that were made elsewhere: what must hold of their table, and what is declared of them.

A table remembers what is declared of it in `DataFrame.attrs`, which parquet keeps and CSV does not.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.faults import in_our_words
from transferpain.core.foreign import reason_of
from transferpain.core.spelling import has_control, plain, quoted, same_names
from transferpain.core.text_file import read_text
from transferpain.evaluation.predictions import CLIP, WHOLE_CLIP, number_of_classes

ATTRIBUTE = "transferpain"
TEXT = ("dataset", "subject", "clip", "fold", "part")
COLUMNS = ("dataset", "subject", "clip", "frame", "fold", "seed", "y_true", "y_pred", "p_0", "p_1", "coverage")
PARTS = ("selection", "test")
# Probabilities are kept as float32, and CSV files round them.
SUM_TOLERANCE = 1e-3
SHOWN = 5
# Far above any table of predictions (our choice).
MOST_COLUMNS, MOST_CELLS = 2_000, 500_000_000
LONGEST_HEADER = 1 << 20  # bytes


class Declared(BaseModel):
    """What is declared of predictions by whoever made them; empty or `None` where nothing is.

    Attributes:
        classes: names of the classes `0 .. K-1`.
        ordinal: whether the classes are ordered levels.
        synthetic: whether any of the faces are synthetic.
        synthetic_faces: what they are called, where any of them are not drawn by us.
        task, label_definition, dataset, source, protocol, split_provenance: as a run states them.
        warnings: what must be said wherever a score is shown.
        distinct_subjects: groups of subjects whose names look like spellings of one, and who are different people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[str, ...] = Field((), max_length=1000)
    ordinal: bool = False
    synthetic: bool | None = None
    # Named only where they are not all drawn: tables of versions that knew drawn faces alone stay as they are.
    synthetic_faces: tuple[str, ...] = Field((), exclude_if=lambda names: not names)
    task: str = ""
    label_definition: str = ""
    dataset: str = ""
    source: str = ""
    protocol: str = ""
    split_provenance: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    distinct_subjects: tuple[tuple[str, ...], ...] = ()


def declare(predictions: pd.DataFrame, declared: Declared) -> pd.DataFrame:
    """Return the predictions, which remember what is declared of them."""
    table = predictions.copy(deep=False)
    table.attrs = {**predictions.attrs, ATTRIBUTE: declared.model_dump(mode="json")}
    return table


def declared_of(predictions: pd.DataFrame, classes: Sequence[str] = (), synthetic: bool | None = None) -> Declared:
    """Return what is declared of predictions; what is given goes before what the table remembers.

    Args:
        classes: names of the classes; none: those that the table remembers, or else their numbers.
        synthetic: whether the faces were drawn; a table that remembers that they were is never declared otherwise.

    Raises:
        UserError: if there are not as many names as classes, two are alike, or the table remembers nonsense.
    """
    known = _remembered(predictions)
    count = number_of_classes(predictions)
    names = tuple(classes) or known.classes or tuple(map(str, range(count)))
    if len(names) != count or len(set(names)) != count:
        raise refused(f"There are {count} classes, p_0 .. p_{count - 1}, each with a name of its own", ", ".join(names))
    drawn = True if known.synthetic else known.synthetic if synthetic is None else synthetic
    return known.model_copy(update={"classes": names, "synthetic": drawn})


def _remembered(predictions: pd.DataFrame) -> Declared:
    try:
        return Declared.model_validate(predictions.attrs.get(ATTRIBUTE, {}))
    except ValidationError as error:
        raise refused(f"attrs[{ATTRIBUTE!r}] holds what `cross_validate` leaves there", in_our_words(error)) from error


def read_predictions(path: Path) -> pd.DataFrame:
    """Read a table of predictions from a parquet or CSV file; nothing of it is checked but its extent.

    Raises:
        UserError: if there is no such file, it is none of the two, or larger than any table of predictions.
    """
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            stated = pq.read_metadata(path)
            _refuse_extent(stated.num_rows, stated.num_columns)
            return pd.read_parquet(path)
        if path.suffix == ".csv":
            with open(path, "rb") as file:
                _refuse_extent(0, file.readline(LONGEST_HEADER).count(b",") + 1)
            # A subject may be called 007, and a clip NA.
            return pd.read_csv(
                io.StringIO(read_text(path)), dtype=dict.fromkeys(TEXT, str), keep_default_na=False, na_values=[""]
            )
    except UserError:
        raise
    except Exception as error:  # as `foreign.border` says of readers
        raise _unreadable(path, reason_of(error)) from error
    raise _unreadable(path, f"a name that ends in {path.suffix or 'nothing'}")


def _refuse_extent(rows: int, columns: int) -> None:
    """Refuse a table that would take minutes and all memory: of a column of one value, a few bytes hold any length."""
    if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        raise ValueError(f"{columns:,} columns and {rows:,} rows; at most {MOST_COLUMNS:,}, and {MOST_CELLS:,} cells")


def _unreadable(path: Path, received: str) -> UserError:
    return UserError(
        f"{path} is no table of predictions.",
        rule="Predictions are read from a .parquet or .csv file, or from the folder of a finished run.",
        received=received,
        todo="Name another file.",
    )


def check_predictions(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of predictions with the types of a run's, if it holds what a run's holds.

    Args:
        table: the columns dataset, subject, clip, frame, fold, seed, y_true, y_pred, p_0 .. p_{K-1} and coverage; and
            part, where any row is of the selection part. Other columns are left out.

    Raises:
        UserError: that says what is wrong, and in which rows: a column is missing, stands twice or is spelt otherwise
            (a `Part` that is left out would make tested rows of all), a number is missing, out of its
            range or no number, probabilities do not sum to 1, a class is unknown, a sample is answered twice by one
            seed, its label, or whether it shows a face, differs between rows, names of subjects of a dataset may be
            spellings of one, or no row answers for a whole clip of the test part.
    """
    _refuse_miscalled(table)
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise refused(f"The columns {', '.join(COLUMNS)} must be there", f"no {', '.join(missing)}")
    classes = number_of_classes(table)
    chances = [f"p_{number}" for number in range(classes)]
    if not set(chances) <= set(table.columns):
        raise refused(
            "The columns of probabilities are p_0 .. p_{K-1}, without a gap", ", ".join(map(str, table.columns))
        )
    table = table.reset_index(drop=True)
    rows = pd.DataFrame(index=table.index)
    for column in TEXT:
        given = table[column] if column in table else pd.Series("test", index=table.index)
        if any(isinstance(one, bytes) for one in given):
            raise refused(f"{column}: a name in every row", "bytes that are no text")
        _refuse_rows(table, given.isna() | (given.astype(str) == ""), f"{column}: a name in every row", column)
        rows[column] = given.astype(str)
        _refuse_rows(rows, rows[column].map(has_control), f"{column}: a name without control characters", column)
    _refuse_rows(rows, ~rows["part"].isin(PARTS), f"part: {' or '.join(PARTS)}", "part")
    _refuse_spellings(rows, _remembered(table).distinct_subjects)
    whole = f"a whole number from 0 to {classes - 1}"
    rows["frame"] = _numbers(table, "frame", WHOLE_CLIP, np.inf, "a whole number, -1 for the whole clip").astype(int)
    rows["seed"] = _numbers(table, "seed", -np.inf, np.inf, "a whole number").astype(int)
    rows["y_pred"] = _numbers(table, "y_pred", 0, classes - 1, whole).astype(int)
    labelled = table["y_true"].notna()
    labels = _numbers(table[labelled], "y_true", 0, classes - 1, f"{whole}, or nothing where there is no label")
    rows["y_true"] = pd.array([pd.NA] * len(rows), dtype="Int64")
    rows.loc[labelled, "y_true"] = labels.astype("Int64")
    for column in (*chances, "coverage"):
        rows[column] = _numbers(table, column, 0, 1, "a number from 0 to 1", whole=False)
    sums = rows[chances].sum(axis=1)
    _refuse_rows(
        rows.assign(sum=sums), (sums - 1).abs() > SUM_TOLERANCE, "p_0 .. p_{K-1}: a sum of 1 in each row", "sum"
    )
    keys = [*CLIP, "frame", "seed", "part"]
    # One clip may be selected on in several folds; it is tested in one.
    keys_of_row = rows[keys].assign(fold=rows["fold"].where(rows["part"] == "selection", ""))
    _refuse_rows(
        rows, keys_of_row.duplicated(), "A seed answers once for each clip or frame: folds do not overlap", "clip"
    )
    answers = rows[rows["frame"] == WHOLE_CLIP]
    by_clip = answers.assign(shown=answers["coverage"] > 0).groupby(CLIP)
    differing = by_clip["y_true"].transform("nunique", dropna=False) > 1
    _refuse_rows(answers, differing, "y_true: one label per clip, or none in all its rows", "clip")
    differing = by_clip["shown"].transform("nunique") > 1
    _refuse_rows(answers, differing, "coverage: 0 in all rows of a clip, or in none", "clip")
    if not (answers["part"] == "test").any():
        raise refused("A row with frame -1 answers for a whole clip, and one at least is tested", "no such row")
    rows.attrs = dict(table.attrs)
    return rows[
        ["dataset", "subject", "clip", "frame", "fold", "seed", "part", "y_true", "y_pred", *chances, "coverage"]
    ]


def _refuse_spellings(rows: pd.DataFrame, distinct: tuple[tuple[str, ...], ...]) -> None:
    """Refuse one person under two names: each would count as a subject of its own."""
    for dataset, names in rows.groupby("dataset", sort=False)["subject"]:
        groups = [group for group in same_names(names.unique()) if not any(set(group) <= set(one) for one in distinct)]
        if groups:
            named = "; ".join(" and ".join(map(quoted, group)) for group in groups[:SHOWN])
            rest = f"; and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
            rule = "subject: each person of a dataset has one name. Upper and lower case, forms of Unicode, blanks, "
            rule += "dashes, leading zeros and a final .0 do not tell two apart"
            raise refused(rule, f"{dataset}: {named}{rest}")


def _refuse_miscalled(table: pd.DataFrame) -> None:
    known = {plain(name): name for name in (*COLUMNS, "part")}
    for column in map(str, table.columns):
        # pandas calls a second column of one name by a number behind it.
        meant = known.get(plain(re.sub(r"\.[0-9]+$", "", column)))
        if meant is not None and column != meant:
            raise refused(f"The column of that meaning is called {meant}, and stands once", column)
    if not table.columns.is_unique:
        raise refused("Each column stands once", ", ".join(map(str, table.columns)))


def _numbers(table: pd.DataFrame, column: str, low: float, high: float, rule: str, whole: bool = True) -> pd.Series:
    """Return a column as float64 if all of it is in its range."""
    values = pd.to_numeric(table[column], errors="coerce").astype("Float64").fillna(np.nan).astype(float)
    wrong = ~np.isfinite(values) | (values < low) | (values > high)
    if whole:
        wrong |= values % 1 != 0
    _refuse_rows(table, wrong, f"{column}: {rule}", column)
    return values


def _refuse_rows(table: pd.DataFrame, wrong: pd.Series, rule: str, column: str) -> None:
    if wrong.any():
        shown = [f"row {row}: {value!r}" for row, value in table.loc[wrong, column].head(SHOWN).items()]
        rest = int(wrong.sum()) - len(shown)
        raise refused(rule, ", ".join(shown) + (f" and {rest} more" if rest else ""))


def refused(rule: str, received: object) -> UserError:
    """Return the error of predictions that cannot be used."""
    return UserError(
        "These predictions cannot be used.",
        rule=f"{rule}.",
        received=received,
        todo="Correct the table; docs/python.md lists its columns.",
    )
