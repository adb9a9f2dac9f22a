from pathlib import Path

import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.people import read_people

PATH = Path("clinic/index.csv")


def table(**columns) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    values = {"subject": [f"P{row}" for row in range(rows)]} | columns
    return pd.DataFrame(values, index=range(2, rows + 2), dtype="str")


def test_what_is_not_stated_stays_missing():
    problems = []
    people = read_people(PATH, table(sex=["m", "", "w", "x"], age=["31", "", "0", "120"]), problems)
    assert people["sex"].tolist() == ["m", pd.NA, "w", "x"]
    assert people["age"].tolist() == [31, pd.NA, 0, 120]
    assert (str(people["sex"].dtype), str(people["age"].dtype)) == ("string", "Int64")
    assert problems == []


def test_a_table_that_states_neither_gets_no_column():
    assert list(read_people(PATH, table(label=["pain"]), [])) == []


def test_another_spelling_is_read_openly():
    problems = []
    people = read_people(PATH, table(sex=["Female", "f", "Female", "male", "m"]), problems)
    assert people["sex"].tolist() == ["w", "w", "w", "m", "m"]
    assert problems == [
        "sex: 'Female' of 2 clips is read as 'w'.",
        "sex: 'f' of 1 clips is read as 'w'.",
        "sex: 'male' of 1 clips is read as 'm'.",
    ]


@pytest.mark.parametrize("sex", ["1", "0", "fem", "NA", "unknown", "männlich", "-"])
def test_a_sex_that_nobody_can_be_sure_of_is_refused(sex):
    with pytest.raises(UserError, match=rf"(?s)column sex.*line 3: '{sex}'"):
        read_people(PATH, table(sex=["m", sex]), [])


@pytest.mark.parametrize("age", ["400", "121", "-3", "34.5", "34 years", "NA", "1e2"])
def test_an_age_that_cannot_be_is_refused(age):
    with pytest.raises(UserError, match=rf"(?s)column age.*line 3: '{age}'"):
        read_people(PATH, table(age=["30", age]), [])


def test_a_subject_has_one_sex():
    with pytest.raises(UserError, match="A subject has two sexes"):
        read_people(PATH, table(subject=["a", "a", "b"], sex=["m", "w", "w"]), [])


def test_a_subject_that_grew_older_is_said_to_be_in_no_group():
    problems = []
    read_people(PATH, table(subject=["a", "a", "b"], age=["30", "31", "40"]), problems)
    assert problems == ["1 subjects have clips of several ages: such a subject is in no group by age."]


@pytest.mark.parametrize("name", ["Sex", "AGE", "sEx"])
def test_a_column_that_is_called_almost_so_is_refused(name):
    with pytest.raises(UserError, match=f"(?s)is called {name.casefold()}.*{name}"):
        read_people(PATH, table(**{name: ["m"]}), [])
