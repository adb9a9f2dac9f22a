"""The linear probes of a report: read from the folds, scored as the head is, and none without a reason."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_probes, write_run
from transferpain.core.store import write_text
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.facts import read_report
from transferpain.reports.screen import probe_rows, table_rows
from transferpain.reports.sections.differences import CROSS_VALIDATED
from transferpain.reports.sections.linear_probe import build, probes
from transferpain.reports.sections.results import results


@pytest.fixture
def folders(tmp_path):
    table = draw_predictions((2, 3, 2), subjects=9, seeds=(0, 1), skill=0.3)
    probed = write_run(tmp_path, "probed", table)
    write_probes(probed, draw_predictions((2, 3, 2), subjects=9, seeds=(0, 1), skill=0.9, seed=5))
    tuned = write_run(tmp_path, "tuned", table, changes={"strategy": "full_fine_tuning"})
    return [probed, write_run(tmp_path, "older", table), tuned]


def test_a_probe_stands_beside_its_head_with_the_paired_difference(folders):
    report = read_report(folders, ())
    table = probes(report.runs).set_index(["run", "probe"])
    run = report.runs[0]
    for name in ("mean", "mean_and_maximum"):
        row, gap = table.loc["probed", name], paired_difference(run.predictions, run.probes[name])
        assert row["head"] == run.scores["all"]["balanced_accuracy"]["value"]
        assert row["score"] == run.scores["linear_probe"][name]["balanced_accuracy"]["value"] > row["head"]
        assert (row["gap"], row["gap_low"]) == (gap.value, gap.low)
        assert row["gap"] == pytest.approx(row["head"] - row["score"])
        assert row["reading"].startswith("worse")
        assert row["c"] == "0.01"
    assert table.loc[("older", ""), "reading"] == "none: the run was made before linear probes were, or elsewhere"
    assert table.loc[("tuned", ""), "reading"].startswith("none: it trains its network on pictures")


def test_p_of_cross_validated_runs_is_said_to_be_weaker_than_it_looks(folders):
    report = read_report(folders, ())
    assert CROSS_VALIDATED not in build(report).tables[0].note
    run = report.runs[0]
    folds = run.predictions["subject"].rank(method="dense").astype(int) % 3
    tested_in_folds = replace(run, predictions=run.predictions.assign(fold=folds.astype(str)))
    assert CROSS_VALIDATED in build(replace(report, runs=[tested_in_folds, *report.runs[1:]])).tables[0].note


def test_it_stands_in_the_table_of_results_and_on_the_screen(folders):
    rows = results(read_report(folders, ()).runs)
    assert list(rows["counted"]) == ["all", "linear probe, mean", "linear probe, mean + maximum", "all", "all"]
    shown = table_rows([RunFolder(folder) for folder in folders])
    assert [row[0] for row in shown] == [
        "probed",
        "  linear probe, mean",
        "  linear probe, mean + maximum",
        "older",
        "tuned",
    ]
    assert len({len(row) for row in shown}) == 1


def test_the_page_says_nothing_where_no_run_has_a_probe(folders):
    assert build(read_report(folders[1:], ())) is None


def test_a_probe_that_one_fold_lacks_is_not_scored(folders):
    next(folders[0].glob("folds/*/linear_probe.parquet")).unlink()
    assert RunFolder(folders[0]).probe_predictions() == {}
    assert build(read_report(folders, ())) is None


def test_a_c_that_was_not_chosen_says_why(folders):
    for path in folders[0].glob("folds/*/linear_probe.json"):
        write_text(path, path.read_text(encoding="utf-8").replace('"reason": ""', '"reason": "No inner fold."'))
    assert set(probes(read_report(folders[:1], ()).runs)["c"]) == {"0.01 No inner fold."}


def test_runs_without_labels_have_no_probe_to_score(tmp_path):
    unlabelled = draw_predictions(subjects=3)
    unlabelled["y_true"] = pd.array([pd.NA] * len(unlabelled), dtype="Int64")
    folder = write_run(tmp_path, "unlabelled", unlabelled)
    write_probes(folder, unlabelled)
    assert list(probes(read_report([folder], ()).runs)["reading"]) == ["none: no clip has a label"]
    assert probe_rows(RunFolder(folder)) == []
