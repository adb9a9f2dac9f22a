import re

import pytest
import yaml

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run, write_three_models
from transferpain.core.store import read_json, write_json, write_text
from transferpain.strategies.common.stated import OddFile
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
    text = table(by_units, "importance").text
    assert text.iloc[0].tolist() == ["AU43", "blendshape", "unvalidated", "+0.200", "+0.200", "+0.200"]
    assert text["Measured by"].tolist() == numbers["measure"].tolist() == ["blendshape", "proxy"]
    assert numbers["standing"].tolist() == ["unvalidated", "failed on real faces"]
    assert table(by_units, "importance").text_columns == 3


def test_the_network_alone_reads_no_action_units(tmp_path):
    section = three_models_section(write_three_models(tmp_path, "cnn"))
    assert table(section, "importance").text is None
    assert table(section, "importance").numbers.empty
    assert [part.title for part in section.sections if part.is_shown] == ["Thresholds"]
    assert "CNN only 100.0 %" in section.coverage
    assert "Action units only 80.0 %" in section.coverage
    assert table(section, "thresholds").text["Chosen"].tolist() == ["nothing to choose"] * 2


def test_the_action_units_of_another_tool_have_no_measure_of_ours(tmp_path):
    section = three_models_section(write_three_models(tmp_path, "units", "py-feat"))
    units = table(section, "importance")
    assert units.text["Action unit"].tolist() == ["AU43", "AU4"]
    assert list(units.text.columns) == ["Action unit", "Fall of the AUC", "Least", "Largest"]
    assert units.text_columns == 1
    assert "py-feat, not from a coder" in units.note


def test_of_a_run_that_does_not_say_how_units_were_measured_nothing_is_said(tmp_path):
    run = write_three_models(tmp_path, "units")
    for file in run.glob("folds/*/three-models.json"):
        write_json(file, {key: value for key, value in read_json(file).items() if key != "measures"})
    assert "Measured by" not in table(three_models_section(run), "importance").text


@pytest.mark.parametrize(
    ("head", "said", "tuned"),
    [
        ({}, "do not learn from the same people", "did not learn from them"),
        ({"cross_fitting": 2}, "learn from the same people.(.|\n)*2 networks", "did not learn from them"),
        ({"cross_fitting": None}, "surer of them than of anybody else", "network that learned from them"),
    ],
)
def test_whom_each_model_learned_from_is_said(tmp_path, head, said, tuned):
    run = write_three_models(tmp_path, "units")
    experiment = yaml.safe_load((run / "experiment.yaml").read_text(encoding="utf-8"))
    experiment["head"] |= head
    (run / "experiment.yaml").write_text(yaml.safe_dump(experiment), encoding="utf-8")
    section = three_models_section(run)
    assert re.search(said, section.notes[0])
    assert tuned in table(section, "thresholds").note


def test_other_strategies_have_none(tmp_path):
    assert three_models_section(write_run(tmp_path, "ann", draw_predictions(subjects=4))) is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"head": {"kind": "hybrid"}}, r"head\.verdict"),
        ({"head": {"kind": "hybrid", "verdict": None}}, r"head\.verdict"),
        ({"head": None}, "head"),
    ],
)
def test_a_run_that_does_not_say_whose_answers_its_are_is_refused(changes, key, tmp_path):
    folder = write_three_models(tmp_path, "units")
    experiment = yaml.safe_load((folder / "experiment.yaml").read_text(encoding="utf-8"))
    write_text(folder / "experiment.yaml", yaml.safe_dump(experiment | changes))
    with pytest.raises(OddFile, match=rf"Received: experiment\.yaml: `{key}`(.|\n)*runs remove RUN"):
        three_models_section(folder)
