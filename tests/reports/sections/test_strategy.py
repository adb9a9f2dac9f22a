import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_nested, write_three_models, write_tuned, write_units
from transferpain.core.errors import UserError
from transferpain.reports.facts import read_run
from transferpain.reports.report import write_report
from transferpain.reports.sections.strategy import build


def test_each_strategy_says_what_it_adds(tmp_path):
    folders = [write_nested(tmp_path), write_tuned(tmp_path), write_units(tmp_path)]
    folders.append(write_three_models(tmp_path, "units"))
    titles = [build(read_run(folder)).title for folder in folders]
    assert titles == ["Candidates on inner folds (4)", "Forgetting", "Action units", "Three models"]


def test_a_run_that_left_nothing_of_its_own_has_none(read):
    assert build(read("ann", draw_predictions(subjects=3))) is None


def test_a_run_of_an_unknown_strategy_is_refused(read):
    with pytest.raises(UserError, match="unknown"):
        build(read("ann", draw_predictions(subjects=3), changes={"strategy": "magic"}))


def test_the_page_shows_thresholds_and_how_action_units_were_measured(tmp_path):
    page = write_report("report", "Title", "", [write_three_models(tmp_path, "units")], (), tmp_path / "reports")
    text = page.read_text(encoding="utf-8")
    measured = ("blendshape", "unvalidated", "failed on real faces")
    for part in ("Thresholds", *measured, "The answers of: Action units only.", "max_depth 3"):
        assert part in text
    assert {"thresholds.csv", "importance.csv"} <= {path.name for path in page.parent.iterdir()}
