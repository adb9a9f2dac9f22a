import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.store import write_text
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import read_report
from transferpain.reports.inputs import written_anew
from transferpain.reports.screen import ONE_EACH, difference_lines
from transferpain.reports.sections.differences import build
from transferpain.reports.trainings import compares_sources, one_training_note


@pytest.fixture
def report(tmp_path):
    table = draw_predictions(subjects=8)
    folders = [
        write_run(tmp_path, name, table, changes={"source": source, "head": {"kind": head}})
        for name, source, head in (("a", "some", "ann"), ("b", "untrained", "ann"), ("c", "some", "lstm"))
    ]
    return read_report(folders, [Comparison(better="a", worse=other) for other in "bc"])


def test_runs_on_other_sources_are_told_and_runs_on_one_are_not(report):
    assert [compares_sources(report, pair) for pair in report.comparisons] == [True, False]
    assert one_training_note(report).startswith(" a and b compare sources of one training each")
    (table,) = build(report).tables
    assert table.note.endswith(one_training_note(report))
    assert table.numbers["one_training"].tolist() == [True, False]


def test_nothing_is_said_where_no_sources_are_compared(report):
    heads = type(report)(report.runs, report.comparisons[1:])
    assert one_training_note(heads) == ""


def test_the_screen_says_it_behind_the_difference(tmp_path):
    header = "better,worse,metric,difference,low,high,one_training"
    lines = [header, "a,b,accuracy,0.1,0.05,0.2,True", "a,c,accuracy,0.1,0,0.2,False"]
    with written_anew(tmp_path) as fresh:
        write_text(fresh / "differences.csv", "\n".join(lines) + "\n")
    first, second = difference_lines(tmp_path)
    assert first.endswith(f"averaged over seeds; {ONE_EACH})")
    assert ONE_EACH not in second
