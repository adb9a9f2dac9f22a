"""What is printed of finished runs: from their files alone."""

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import draw_history, write_leakage, write_run
from transferpain.core.errors import UserError
from transferpain.core.schema import write_stamped
from transferpain.core.store import write_json, write_text
from transferpain.evaluation.metrics.registry import metrics_of
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.facts import run_scores
from transferpain.reports.inputs import written_anew
from transferpain.reports.screen import (
    COLUMNS,
    declared_lines,
    difference_lines,
    missing_lines,
    synthetic_mark,
    table_row,
    table_rows,
    warning_lines,
)


def test_warnings_and_failing_leakage_checks_stand_below_the_table(tmp_path):
    table = draw_predictions(subjects=4)
    clean, faulty = write_run(tmp_path, "clean", table), write_run(tmp_path, "faulty", table)
    write_leakage(clean)
    write_leakage(faulty, failing=(6, 9))
    warned = write_run(tmp_path, "leaky", table, stated={"warnings": ["LEAKS ON PURPOSE."]})
    assert warning_lines([RunFolder(path) for path in (clean, faulty, warned)]) == [
        "warning: faulty: 2 of 12 leakage checks fail: 6 (Check 6), 9 (Check 9)",
        "warning: leaky: LEAKS ON PURPOSE.",
    ]


@pytest.mark.parametrize("lines_of", [synthetic_mark, warning_lines, declared_lines, table_rows])
def test_files_that_cannot_be_read_are_told_in_our_words(lines_of, tmp_path):
    whole, odd = (write_run(tmp_path, name, draw_predictions()) for name in ("whole", "odd"))
    for name, content in (("facts.json", {"warnings": 3}), ("leakage.json", {"a": 3}), ("metrics.json", {"all": 3})):
        write_json(odd / name, content)
    with pytest.raises(UserError, match="odd-0123456789abcdef are damaged"):
        lines_of([RunFolder(whole), RunFolder(odd)])


def test_a_row_holds_each_score_with_its_interval(tmp_path):
    run = RunFolder(write_run(tmp_path, "ann", draw_predictions(subjects=8, seeds=(0, 1))))
    row = dict(zip(COLUMNS, table_row(run), strict=True))
    score = run.metrics()["all"]["macro_f1"]
    assert row["macro F1"] == f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"
    assert [row[name] for name in ("run", "coverage", "subjects", "clips", "seeds")] == [
        "ann",
        "100.0%",
        "8",
        "96",
        "2",
    ]


def test_a_run_without_labels_or_subjects_has_no_score_and_no_number_of_subjects(tmp_path):
    images = draw_predictions((1, 0, 0), subjects=5)
    unlabelled = images.assign(y_true=pd.array([pd.NA] * len(images), dtype="Int64"))
    row = dict(zip(COLUMNS, table_row(RunFolder(write_run(tmp_path, "test", unlabelled))), strict=True))
    assert (row["accuracy"], row["subjects"]) == ("no labels", "-")


@pytest.mark.parametrize(("drawn", "mark"), [((True, False), " - SYNTHETIC data: drawn faces"), ((False,), "")])
def test_drawn_data_in_any_run_mark_the_title(tmp_path, drawn, mark):
    table = draw_predictions(subjects=3)
    runs = [RunFolder(write_run(tmp_path, f"run{place}", table, synthetic=one)) for place, one in enumerate(drawn)]
    assert synthetic_mark(runs) == mark


def test_differences_are_read_from_the_report_that_has_them(tmp_path):
    # Of a table that was not written with the report nobody knows of which runs it is.
    write_text(tmp_path / "differences.csv", "better,worse\nothers,runs\n")
    assert difference_lines(tmp_path) == []
    with written_anew(tmp_path) as fresh:
        write_text(
            fresh / "differences.csv", "better,worse,metric,difference,low,high\nann,lstm,accuracy,0.1,-0.05,0.2\n"
        )
    assert difference_lines(tmp_path) == [
        "ann minus lstm, accuracy: +0.10 [-0.05, +0.20], not tested (paired over subjects, averaged over seeds)"
    ]


def test_checks_that_rest_on_what_was_declared_are_named_once_for_all_runs_alike(tmp_path):
    runs = [RunFolder(tmp_path / f"{name}-0123456789abcdef") for name in ("ann", "lstm", "svm", "old")]
    for run, declared in zip(runs, ((11,), (11,), (7, 11)), strict=False):
        write_leakage(run.path, declared=declared)
    assert declared_lines(runs) == [
        "declared, not compared: leakage checks 11 (Check 11) of ann, lstm",
        "declared, not compared: leakage checks 7 (Check 7), 11 (Check 11) of svm",
    ]


def test_a_difference_says_what_its_test_gave_and_why_it_has_no_interval(tmp_path):
    with written_anew(tmp_path) as fresh:
        write_text(
            fresh / "differences.csv",
            "better,worse,metric,difference,low,high,reason,p_holm\n"
            'ann,lstm,accuracy,0.1,,,"7 subjects, fewer than 8",0.031\n',
        )
    assert difference_lines(tmp_path) == [
        "ann minus lstm, accuracy: +0.100 [none: 7 subjects, fewer than 8], p 0.031 "
        "(paired over subjects, averaged over seeds)"
    ]


def test_a_few_subjects_have_a_score_and_the_reason_for_no_interval_stands_once_below(tmp_path):
    few = [RunFolder(write_run(tmp_path, name, draw_predictions(subjects=6))) for name in ("ann", "lstm")]
    enough = RunFolder(write_run(tmp_path, "svm", draw_predictions(subjects=8)))
    row = dict(zip(COLUMNS, table_row(few[0]), strict=True))
    assert row["balanced accuracy"] == f"{few[0].metrics()['all']['balanced_accuracy']['value']:.3f}"
    assert missing_lines([*few, enough]) == ["no interval: 6 subjects, fewer than 8 (ann, lstm)"]


def test_intervals_of_former_versions_are_computed_again(tmp_path):
    run = RunFolder(write_run(tmp_path, "ann", draw_predictions(subjects=8)))
    expected, metrics = table_row(run), run.metrics()
    for name in metrics_of("answers"):
        metrics["all"][name] = {"value": 0.5, "low": 0.49, "high": 0.51, "draws": 2000}
    write_stamped(run.path / "metrics.json", metrics)
    assert table_row(run) == expected
    assert run_scores(run) is run_scores(RunFolder(run.path))
    run.finish_fold("0", 0, draw_predictions(subjects=8, skill=1.0), draw_history(0))
    assert run_scores(run)["all"]["accuracy"]["value"] == 1.0
