import pandas as pd

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_nested, write_run
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
