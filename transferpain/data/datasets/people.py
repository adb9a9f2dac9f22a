"""What a user's own table states of its people: the columns `sex` and `age`. Missing stays missing."""

from pathlib import Path

import pandas as pd

from transferpain.data.datasets.csv_table import check_rows, numbers, table_error

COLUMNS = ("sex", "age")
# What is read as what: nothing else is guessed.
SEXES = {
    **dict.fromkeys(("m", "male", "man"), "m"),
    **dict.fromkeys(("w", "f", "female", "woman"), "w"),
    **dict.fromkeys(("x", "d", "diverse", "other"), "x"),
}
OLDEST = 120  # years


def read_people(path: Path, table: pd.DataFrame, problems: list[str]) -> pd.DataFrame:
    """Return the columns that the table has: `sex` ("m", "w", "x"; string), `age` (whole years; Int64).

    Args:
        path: of the table, for errors.
        table: text cells, with `subject`.
        problems: gets a sentence for each spelling that is read as another, and for subjects of several ages.

    Raises:
        UserError: for a column that is called almost so, a sex that has no known spelling, an age that is no whole
            number of years up to 120, and a subject of two sexes.
    """
    for column in table:
        known = column.casefold()
        if known in COLUMNS and column != known:
            raise table_error(path, f"The column of that meaning is called {known}, in small letters", column)
    people = pd.DataFrame(index=table.index)
    if "sex" in table:
        people["sex"] = _read_sex(path, table["sex"], problems)
        sexes = people["sex"].groupby(table["subject"]).transform("nunique")
        check_rows(path, table["subject"], sexes > 1, "A subject has two sexes")
    if "age" in table:
        people["age"] = numbers(path, table["age"], whole=True)
        too_old = (people["age"] > OLDEST).fillna(False)
        check_rows(path, table["age"], too_old, f"In the column age, a cell is no whole number of years up to {OLDEST}")
        several = int((people["age"].groupby(table["subject"]).nunique() > 1).sum())
        if several:
            problems.append(f"{several} subjects have clips of several ages: such a subject is in no group by age.")
    return people


def _read_sex(path: Path, cells: pd.Series, problems: list[str]) -> pd.Series:
    spelled = cells.str.casefold()
    unknown = (cells != "") & ~spelled.isin(list(SEXES))
    known = ", ".join(SEXES)
    check_rows(path, cells, unknown, f"In the column sex, a cell is none of {known}; nothing stands for not stated")
    read = spelled.map(SEXES).astype("string")
    for spelling, number in cells[(cells != "") & (cells != read)].value_counts(sort=False).items():
        problems.append(f"sex: {spelling!r} of {number} clips is read as {SEXES[spelling.casefold()]!r}.")
    return read
