import pytest

from tests.experiments.runs.made import make_run
from transferpain.core.errors import UserError
from transferpain.evaluation.formatting import with_interval
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import read_report
from transferpain.reports.runs.compare import compare_runs
from transferpain.reports.sections.differences import differences


def test_it_says_what_a_report_of_the_runs_says(tmp_path):
    folders = [make_run(tmp_path, name, skill=skill) for name, skill in (("a", 0.9), ("b", 0.4), ("c", 0.88))]
    result = compare_runs(folders)
    pairs = [Comparison(better="a", worse="b"), Comparison(better="a", worse="c")]
    table = differences(read_report(folders, pairs).gaps)
    assert [row[:2] for row in result.rows] == [["a", "b"], ["a", "c"]]
    first = dict(zip(result.columns, result.rows[0], strict=True))
    row = table.iloc[0]
    assert first["Difference"] == with_interval(row["difference"], row["low"], row["high"], signed=True)
    assert first["Subjects"] == "10"
    assert first["p"] == "0.002"
    assert first["... after Holm"] == "0.004"
    assert first["Reading"].startswith("better")
    assert "SYNTHETIC" in result.title
    assert "two-sided" in result.notes[0]


def test_runs_on_other_clips_are_refused_as_a_report_refuses_them(tmp_path):
    with pytest.raises(UserError, match="cannot be paired"):
        compare_runs([make_run(tmp_path, "a"), make_run(tmp_path, "b", subjects=9)])


def test_one_run_the_same_twice_and_an_unknown_metric_are_refused(tmp_path):
    folder = make_run(tmp_path, "a")
    with pytest.raises(UserError, match="nothing to compare"):
        compare_runs([folder])
    with pytest.raises(UserError, match="told apart"):
        compare_runs([folder, folder])
    with pytest.raises(UserError, match=r"unknown[\s\S]*`balanced_accuracy`"):
        compare_runs([folder, folder], "auc")


def test_a_damaged_run_is_refused(tmp_path):
    first, second = make_run(tmp_path, "a"), make_run(tmp_path, "b")
    (second / "folds" / "0-seed0" / "predictions.parquet").unlink()
    with pytest.raises(UserError, match="damaged"):
        compare_runs([first, second])
