from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run, write_tuned
from transferpain.strategies.fine_tuning.section import forgetting_section


def test_the_scores_before_and_after_tuning_are_a_file_and_a_note(tmp_path):
    section = forgetting_section(write_tuned(tmp_path))
    (table,) = section.tables
    assert list(table.numbers.columns)[:3] == ["run", "tuned", "balanced_accuracy"]
    assert len(table.numbers) == 4
    assert table.text is None
    assert not section.is_shown
    (note,) = section.notes
    assert "(biovid-vgg16, 40 test rows)" in note
    assert "0.605 before tuning and 0.505 with its tuned layers" in note


def test_a_run_whose_source_was_not_probed_has_none(tmp_path):
    assert forgetting_section(write_run(tmp_path, "ann", draw_predictions(subjects=3))) is None
