from dataclasses import replace

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_leakage
from transferpain.reports.facts import read_run
from transferpain.reports.sections.leakage import build


def test_each_check_has_its_state_and_a_dash_without_a_figure(read):
    run = read("ann", draw_predictions(subjects=3))
    write_leakage(run.path, failing=(6,))
    section = build(read_run(run.path))
    (table,) = section.tables
    assert table.states == tuple(table.numbers["state"])
    assert table.text["Figure"].tolist()[:2] == ["–", "0 of 2"]
    assert section.notes == ("Leakage checks that failed: 6 Check 6.",)


def test_what_is_only_declared_says_so_and_is_no_failure(read):
    run = read("ann", draw_predictions(subjects=3))
    section = build(replace(run, checks=write_leakage(run.path, declared=(11,))))
    (table,) = section.tables
    assert (table.states[10], table.numbers["state"].iloc[10], table.text["Result"].iloc[10]) == ("declared",) * 3
    assert table.note.startswith("Declared: nothing contradicts")
    assert section.notes == ()


def test_without_a_failure_there_is_no_note(read):
    run = read("ann", draw_predictions(subjects=3))
    assert build(replace(run, checks=write_leakage(run.path))).notes == ()
