import numpy as np
import pytest

from tests.evaluation.drawn import draw_predictions, from_confusion
from tests.evaluation.test_confusion import ANN
from transferpain.reports.sections.subjects import build, per_subject, per_subject_as_text


def test_scores_by_subject(read):
    run = read("ann", from_confusion(ANN))
    subjects = per_subject(run)
    assert len(subjects) == 12
    assert subjects["clips"].sum() == 300
    assert len(per_subject_as_text(subjects).columns) == 11


def test_ordered_levels_have_the_scores_of_the_number_of_each_subject(read):
    predictions = draw_predictions(subjects=5, seeds=(0, 1))
    subjects = per_subject(read("ordered", predictions)).set_index("subject")
    for name, rows in predictions.groupby("subject"):
        off = [
            (abs(own["y_true"] - (own[["p_0", "p_1", "p_2"]].to_numpy() @ [0, 1, 2])).mean(), own)
            for _, own in rows.groupby("seed")
        ]
        assert subjects.loc[f"ai4pain/{name}", "mae_expected"] == pytest.approx(np.mean([one for one, _ in off]))
        correlations = [
            np.corrcoef(own["y_true"].to_numpy(float), own[["p_0", "p_1", "p_2"]].to_numpy() @ [0, 1, 2])[0, 1]
            for _, own in off
        ]
        assert subjects.loc[f"ai4pain/{name}", "pcc_expected"] == pytest.approx(np.mean(correlations))


def test_a_subject_with_one_level_has_an_error_and_no_agreement(read):
    predictions = draw_predictions(subjects=5)
    predictions.loc[predictions["subject"] == "S01", "y_true"] = 1
    subjects = per_subject(read("ordered", predictions)).set_index("subject")
    assert subjects.loc["ai4pain/S01", "mae_expected"] > 0
    assert np.isnan(subjects.loc["ai4pain/S01", "icc_expected"])
    assert subjects.drop("ai4pain/S01")["icc_expected"].notna().all()


@pytest.mark.parametrize(("classes", "ordinal"), [((4, 4), True), ((4, 4, 4), False)])
def test_classes_and_two_levels_have_no_number(read, classes, ordinal):
    names = tuple(f"level {number}" for number in range(len(classes)))
    run = read("plain", draw_predictions(classes), classes=names, stated={"ordinal": ordinal})
    assert "mae_expected" not in per_subject(run)
    assert len(per_subject_as_text(per_subject(run)).columns) == 6


def test_pictures_without_subjects_leave_an_empty_file_and_show_nothing(read):
    section = build(read("emotions", draw_predictions((1, 0, 0), subjects=12)))
    assert section.tables[0].numbers.empty
    assert not section.is_shown
