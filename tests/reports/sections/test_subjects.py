from tests.evaluation.drawn import draw_predictions, from_confusion
from tests.evaluation.test_confusion import ANN
from transferpain.reports.sections.subjects import build, per_subject, per_subject_as_text


def test_scores_by_subject(read):
    run = read("ann", from_confusion(ANN))
    subjects = per_subject(run)
    assert len(subjects) == 12
    assert subjects["clips"].sum() == 300
    assert len(per_subject_as_text(subjects).columns) == 6


def test_pictures_without_subjects_leave_an_empty_file_and_show_nothing(read):
    section = build(read("emotions", draw_predictions((1, 0, 0), subjects=12)))
    assert section.tables[0].numbers.empty
    assert not section.is_shown
