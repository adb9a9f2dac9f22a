import pandas as pd

from tests.evaluation.drawn import draw_predictions
from transferpain.experiments.leakage.from_predictions import DECLARED, check_table
from transferpain.experiments.leakage.registry import CHECKS


def checked(table):
    return {line.name: line for line in check_table(table)}


def by_subject(**options):
    table = draw_predictions((3, 3), subjects=6, **options)
    return table.assign(fold=table["subject"], part="test")


SHARED, IDENTITY = "The same subject in two splits", "Above chance, by refitting"


def test_every_check_has_its_line_and_what_needs_the_run_is_declared():
    lines = check_table(by_subject())
    assert [line.name for line in lines] == list(CHECKS)
    assert [line.number for line in lines] == list(range(1, len(CHECKS) + 1))
    others = [line for line in lines if line.name not in (SHARED, IDENTITY)]
    assert {(line.state, line.explanation) for line in others} == {("declared", DECLARED)}


def test_tested_rows_alone_cannot_show_that_no_subject_is_shared():
    line = checked(by_subject())[SHARED]
    assert line.state == "declared"
    assert "0 are tested in two folds" in line.figure


def test_a_subject_that_is_tested_in_two_folds_or_selected_on_is_a_leak():
    table = by_subject()
    dealt = table.assign(fold=[str(row % 2) for row in range(len(table))])
    assert checked(dealt)[SHARED].state == "fail"
    both = pd.concat([table, table[:3].assign(part="selection")])
    line = checked(both)[SHARED]
    assert line.state == "fail"
    assert "1 also selected on" in line.figure


def test_answers_at_chance_are_called_so_and_are_no_leak():
    for skill, said in ((0.95, "are above chance"), (0.5, "are not above chance, which is no leak")):
        line = checked(by_subject(skill=skill))[IDENTITY]
        assert line.state == "not applicable"
        assert said in line.explanation


def test_without_labels_or_subjects_nothing_is_claimed():
    table = by_subject()
    unlabelled = table.assign(y_true=pd.array([pd.NA] * len(table), dtype="Int64"))
    assert checked(unlabelled)[IDENTITY].state == "not applicable"
    single = table.assign(subject=table["clip"])
    assert checked(single)[SHARED].state == checked(single)[IDENTITY].state == "not applicable"
