import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run, write_three_models
from transferpain.strategies.hybrid.section import three_models_section


@pytest.fixture
def by_units(tmp_path):
    return three_models_section(write_three_models(tmp_path, "units"))


def table(section, name):
    return {table.name: table for table in section.all_tables}[name]


def test_each_training_has_its_threshold(by_units):
    numbers = table(by_units, "thresholds").numbers
    assert numbers[["training", "threshold", "coverage"]].values.tolist() == [
        ["0-seed0", 0.3, 0.9],
        ["0-seed1", 0.5, 0.7],
    ]
    assert numbers["chosen"].tolist() == ["max_depth 3"] * 2
    assert table(by_units, "thresholds").text["Objective reached"].tolist() == ["0.800"] * 2


def test_the_unit_that_is_worth_most_comes_first(by_units):
    numbers = table(by_units, "importance").numbers
    assert numbers["unit"].tolist() == [43, 4]
    assert numbers["fall"].tolist() == pytest.approx([0.2, 0.1])
    assert numbers["trainings"].tolist() == [1, 1]
    assert table(by_units, "importance").text["Action unit"][0] == "AU43 (proxy, unvalidated)"


def test_the_network_alone_reads_no_action_units(tmp_path):
    section = three_models_section(write_three_models(tmp_path, "cnn"))
    assert table(section, "importance").text is None
    assert table(section, "importance").numbers.empty
    assert [part.title for part in section.sections if part.is_shown] == ["Thresholds"]
    assert "CNN only 100.0 %" in section.coverage
    assert "Action units only 80.0 %" in section.coverage
    assert table(section, "thresholds").text["Chosen"].tolist() == ["nothing to choose"] * 2


def test_the_action_units_of_another_tool_are_no_proxies(tmp_path):
    section = three_models_section(write_three_models(tmp_path, "units", "py-feat"))
    assert table(section, "importance").text["Action unit"].tolist() == ["AU43", "AU4"]
    assert "py-feat, not from a coder" in table(section, "importance").note


def test_other_strategies_have_none(tmp_path):
    assert three_models_section(write_run(tmp_path, "ann", draw_predictions(subjects=4))) is None
