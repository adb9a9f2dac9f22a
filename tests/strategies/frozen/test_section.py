import pandas as pd
import pytest
import yaml

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_nested, write_run
from transferpain.core.store import write_text
from transferpain.strategies.common.stated import OddFile
from transferpain.strategies.frozen.section import candidates_section


def test_candidates_are_means_over_inner_folds_of_each_training(tmp_path):
    section = candidates_section(write_nested(tmp_path))
    (table,) = section.tables
    assert table.numbers["training"].tolist() == ["0-seed0"] * 2 + ["0-seed1"] * 2
    assert table.numbers["loss"].tolist() == [0.51] * 4
    assert table.numbers["inner_folds"].tolist() == [2] * 4
    assert table.numbers["chosen"].tolist() == [True, False, False, True]
    assert table.text["Chosen"].tolist() == ["chosen", "", "", "chosen"]
    assert section.title == "Candidates on inner folds (4)"


def test_the_note_counts_what_was_chosen_by_which_rule(tmp_path):
    (note,) = candidates_section(write_nested(tmp_path)).notes
    assert note.endswith("(lowest_loss): small in 1 of 2 trainings; large in 1 of 2 trainings.")


def test_a_run_without_nested_selection_has_none(tmp_path):
    assert candidates_section(write_run(tmp_path, "ann", draw_predictions(subjects=3))) is None


def test_a_training_that_did_not_choose_yet_is_no_row_that_was_chosen(tmp_path):
    folder = write_nested(tmp_path)
    path = folder / "folds" / "0-seed0" / "candidates.csv"
    pd.read_csv(path).assign(chosen=False).to_csv(path, index=False)
    section = candidates_section(folder)
    assert section.notes[0].endswith("large in 1 of 2 trainings.")


@pytest.mark.parametrize("rule", [{}, {"selection_rule": None}])
def test_a_run_that_does_not_say_by_which_rule_it_chose_is_refused(rule, tmp_path):
    folder = write_nested(tmp_path)
    experiment = yaml.safe_load((folder / "experiment.yaml").read_text(encoding="utf-8"))
    write_text(folder / "experiment.yaml", yaml.safe_dump(experiment | {"protocol": {"kind": "folders"} | rule}))
    with pytest.raises(OddFile, match=r"Received: experiment\.yaml: `protocol\.selection_rule`"):
        candidates_section(folder)


@pytest.mark.parametrize(
    ("column", "value"),
    [("loss", None), ("balanced_accuracy", "high"), ("chosen", None), ("chosen", "maybe"), ("candidate", None)],
)
def test_a_table_of_candidates_that_is_none_is_named_with_the_column(column, value, tmp_path):
    folder = write_nested(tmp_path)
    path = folder / "folds" / "0-seed1" / "candidates.csv"
    table = pd.read_csv(path)
    (table.drop(columns=column) if value is None else table.assign(**{column: value})).to_csv(path, index=False)
    with pytest.raises(OddFile, match=rf"Received: candidates\.csv: the column `{column}`"):
        candidates_section(folder)


@pytest.mark.parametrize("content", ["", "candidate,inner_fold,loss,balanced_accuracy,clips,subjects,chosen\n"])
def test_a_table_of_candidates_without_a_row_is_named(content, tmp_path):
    folder = write_nested(tmp_path)
    write_text(folder / "folds" / "0-seed1" / "candidates.csv", content)
    with pytest.raises(OddFile, match=r"Received: candidates\.csv: "):
        candidates_section(folder)
