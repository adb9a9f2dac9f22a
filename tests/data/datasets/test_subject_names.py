import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.subject_names import called_alike, check_subject_names, check_subjects_of


@pytest.mark.parametrize(
    "names",
    [
        ("P01", "p01"),
        ("2", "02"),
        ("2", "2.0"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("P 1", "P1"),
        ("P1\u200b", "P1"),
        ("a-1", "a–1"),
    ],
)
def test_spellings_of_one_person_are_refused_unless_they_are_confirmed(names):
    people = ["anna", *names]
    with pytest.raises(UserError, match=r"in the index have(.|\n)*spellings of one(.|\n)*distinct_subjects"):
        check_subject_names(people, "the index", [])
    with pytest.raises(UserError, match="write one name") as refused:
        check_subject_names(people, "the index")
    assert "distinct_subjects" not in str(refused.value)
    assert "write names that differ by more" in str(refused.value)
    check_subject_names(people, "the index", [list(names)])


@pytest.mark.parametrize("name", ["P\0 1", "P1\n", "P\u20291"])
def test_names_that_no_table_gives_back_are_refused(name):
    with pytest.raises(UserError, match=r"in the samples holds(.|\n)*cannot be seen(.|\n)*Received: 'P"):
        check_subject_names(["P2", name], "the samples")


def test_people_of_different_names_may_occur_often():
    check_subject_names(["P1", "P2", "P1", "P10", "P1a"], "the index")
    check_subject_names([], "the index")


def test_who_is_confirmed_to_be_somebody_else_is_there():
    with pytest.raises(UserError, match=r"distinct_subjects names somebody(.|\n)*'P02'"):
        check_subject_names(["P1", "P01"], "the index", [["P1", "P01", "P02"]])


def test_a_group_that_was_confirmed_in_part_is_refused():
    with pytest.raises(UserError, match="spellings of one"):
        check_subject_names(["P1", "P01", "p1"], "the index", [["P1", "P01"]])


def test_of_many_groups_the_first_five_are_shown():
    names = [name for number in range(7) for name in (f"P{number}", f"p{number}")]
    with pytest.raises(UserError, match="and 2 more"):
        check_subject_names(names, "the index")


def test_in_two_datasets_names_are_of_different_people():
    table = pd.DataFrame({"dataset": ["a", "b", "a"], "subject": ["P1", "p1", "P2"]})
    check_subjects_of(table, "the samples")
    with pytest.raises(UserError, match=r"in the samples of a have(.|\n)*'P1' and 'p01'"):
        check_subjects_of(pd.concat([table, pd.DataFrame({"dataset": ["a"], "subject": ["p01"]})]), "the samples")
    with pytest.raises(UserError, match=r"in the groups have(.|\n)*'1' and '01'"):
        check_subjects_of(pd.DataFrame({"subject": [1, "01"]}), "the groups")


def test_who_is_called_as_somebody_else_is_named():
    assert called_alike(["P1", "p2", "P2", "anna", "p2"], ["p01", "P2", "otto"]) == ["P1", "p2", "P2"]
    assert called_alike([], ["P1"]) == called_alike(["P1"], []) == []
