import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.reports.facts import read_run
from transferpain.reports.sections.few_shot import build, few_shot_as_text

ASKED = {"few_shot": {"clips": [0, 1, 4]}}


def run_of(folder, table, changes=ASKED, classes=("none", "mild", "strong")):
    return read_run(write_run(folder, "ann", table, classes=classes, changes=changes))


def test_the_curve_stands_in_table_file_and_picture(tmp_path):
    section = build(run_of(tmp_path, draw_predictions((4, 4, 4), seeds=(0, 1))))
    (table,), (picture,) = section.tables, section.pictures
    assert table.numbers["k"].tolist() == [0, 1, 4]
    assert table.numbers["clips"].tolist() == [10 * 8] * 3
    assert table.numbers["difference"].isna().tolist() == [True, False, False]
    assert table.numbers["balanced_accuracy_low"].lt(table.numbers["balanced_accuracy"]).all()
    assert "k = 4 0." in picture.alt
    assert section.paragraphs == ()
    text = few_shot_as_text(table.numbers)
    assert text.columns.tolist()[:3] == ["Labelled clips (k)", "Balanced accuracy", "Difference from k = 0"]
    assert text["Difference from k = 0"].iloc[0] == "–"


@pytest.mark.parametrize("changes", [None, {"few_shot": None}])
def test_who_does_not_ask_gets_none(tmp_path, changes):
    assert build(run_of(tmp_path, draw_predictions(), changes)) is None


def test_without_a_curve_the_reason_stands_there(tmp_path):
    section = build(run_of(tmp_path, draw_predictions((1, 2, 2))))
    assert section.pictures == ()
    assert section.tables[0].text is None
    assert section.tables[0].numbers["balanced_accuracy"].isna().all()
    assert section.paragraphs[0].startswith("There is no curve. 10 of 10 subjects cannot give 4")


def test_a_class_that_would_not_be_tested_is_named(tmp_path):
    table = draw_predictions((3, 6, 6))
    alone = (table["subject"] == "S00") & (table["y_true"] == 0)
    kept = (table["subject"] != "S00") & (table["y_true"] != 0)
    section = build(run_of(tmp_path, table[alone | kept]))
    assert section.paragraphs[0].endswith("Without them a class would not be tested at all. That is none.")
