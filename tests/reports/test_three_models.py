import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.store import write_json
from transferpain.inputs.action_units.proxy import PROXY
from transferpain.reports.facts import read_run
from transferpain.reports.report import write_report
from transferpain.reports.three_models import importance, note, thresholds, view
from transferpain.strategies.hybrid.section import THREE_MODELS


def facts(threshold: float, fall: float, covered: float) -> dict:
    tuned = {"value": threshold, "objective": "weighted_f1", "score": 0.8, "reached": True}
    return {
        "thresholds": dict.fromkeys(("units", "cnn", "hybrid"), tuned),
        "chosen": {"units": {"max_depth": 3, "max_features": None}, "hybrid": {"max_depth": 2}},
        "coverage": {"units": covered, "cnn": 1.0, "hybrid": covered},
        "importance": {
            name: {"4": {"mean": fall, "deviation": 0.01}, "43": {"mean": 2 * fall, "deviation": 0.01}}
            for name in ("units", "hybrid")
        },
        "estimator": PROXY.title,
    }


def write_hybrid_run(runs, verdict):
    """Write a run of one fold and two seeds, the second of which found one answer only in its tested subjects."""
    table = draw_predictions((2, 2), subjects=4, seeds=(0, 1))
    changes = {"head": {"kind": "hybrid", "verdict": verdict}, "strategy": "hybrid"}
    folder = write_run(runs, verdict, table, classes=("no pain", "pain"), changes=changes)
    write_json(folder / "folds" / "0-seed0" / THREE_MODELS, facts(0.3, 0.1, 0.9))
    write_json(folder / "folds" / "0-seed1" / THREE_MODELS, facts(0.5, 0.2, 0.7) | {"importance": {}})
    return folder


@pytest.fixture
def by_units(tmp_path):
    return write_hybrid_run(tmp_path, "units")


def test_each_training_has_its_threshold(by_units):
    table = thresholds(read_run(by_units))
    assert table[["training", "threshold", "coverage"]].values.tolist() == [
        ["0-seed0", 0.3, 0.9],
        ["0-seed1", 0.5, 0.7],
    ]
    assert table["chosen"].tolist() == ["max_depth 3"] * 2


def test_the_unit_that_is_worth_most_comes_first(by_units):
    table = importance(read_run(by_units))
    assert table["unit"].tolist() == [43, 4]
    assert table["fall"].tolist() == pytest.approx([0.2, 0.1])
    assert table["trainings"].tolist() == [1, 1]


def test_the_network_alone_reads_no_action_units(tmp_path):
    run = read_run(write_hybrid_run(tmp_path, "cnn"))
    assert view(run)["importance"] is None
    assert "CNN only 100.0 %" in note(run)
    assert "Action units only 80.0 %" in note(run)


def test_the_page_shows_them_and_calls_them_proxies(by_units, tmp_path):
    page = write_report("report", "Title", "", [by_units], (), tmp_path / "reports")
    text = page.read_text(encoding="utf-8")
    for part in ("Thresholds", "AU43 (proxy, unvalidated)", "The answers of: Action units only.", "max_depth 3"):
        assert part in text
    assert {"thresholds.csv", "importance.csv"} <= {path.name for path in page.parent.iterdir()}


def test_the_action_units_of_another_tool_are_no_proxies(by_units):
    run = read_run(by_units)
    for one in run.three_models.values():
        one["estimator"] = "py-feat"
    assert view(run)["importance"]["Action unit"].tolist() == ["AU43", "AU4"]


def test_other_strategies_have_none(tmp_path):
    assert view(read_run(write_run(tmp_path, "ann", draw_predictions(subjects=4)))) is None
