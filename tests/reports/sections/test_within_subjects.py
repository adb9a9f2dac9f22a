import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.within_subjects import NOBODY, within_subject_area, worst_subject
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.within_subjects import TOO_FEW, build, within_subjects, within_subjects_as_text


def test_both_areas_stand_beside_each_other_with_the_worst_subject(read):
    run = read("ann", draw_predictions((3, 3, 2), seeds=(0, 1), spread=0.2))
    table = within_subjects([run])
    row, (area, subjects) = table.iloc[0], within_subject_area(run.predictions)
    assert row["auc"] == run.scores["all"]["auc"]["value"]
    assert (row["within_auc"], row["within_auc_low"], row["subjects"]) == (area.value, area.low, subjects)
    worst = worst_subject(run.predictions)
    assert (row["worst_subject"], row["worst_clips"]) == (worst.subject, 8)
    assert row["worst_balanced_accuracy"] == min(one["balanced_accuracy"] for one in run.scores["per_subject"])
    text = within_subjects_as_text(table).iloc[0]
    assert text["AUC within subjects"].startswith(with_interval(area.value, area.low, area.high))
    assert text["Worst subject"] == worst.subject


def test_where_no_subject_has_every_class_the_reason_stands(read):
    labels = pd.array([number // 12 % 3 for number in range(120)], dtype="Int64")
    text = within_subjects_as_text(within_subjects([read("one", draw_predictions().assign(y_true=labels))])).iloc[0]
    assert text["Subjects"] == "0"
    assert (text["AUC within subjects"], text["Worst subject"]) == (f"– [{NOBODY}]", f"– [{TOO_FEW}]")
    assert {text["Its balanced accuracy"], text["Its clips"]} == {"–"}


@pytest.mark.parametrize("kind", ["images", "unlabelled"])
def test_runs_without_subjects_or_labels_have_none(read, kind):
    table = draw_predictions((1, 0, 0), subjects=12) if kind == "images" else draw_predictions(subjects=3)
    if kind == "unlabelled":
        table["y_true"] = pd.array([pd.NA] * len(table), dtype="Int64")
    assert build(ReportFacts((read(kind, table),))) is None
