import pandas as pd

from tests.evaluation.drawn import draw_predictions
from transferpain.reports.sections.failed_clips import MOST_SHOWN, build, clips


def test_each_clip_says_how_often_it_was_wrong_and_what_it_was_taken_for(read):
    table = draw_predictions((1, 1, 0), subjects=2, seeds=(0, 1), skill=1.0)
    wrong = (table["clip"] == "S01-001") & (table["seed"] == 1)
    table.loc[wrong, "y_pred"] = 2
    found = clips(read("mine", table)).set_index("clip")
    assert found["failed"].to_dict() == {"S00-000": False, "S00-001": False, "S01-000": False, "S01-001": True}
    row = found.loc["S01-001"]
    assert (row["label"], row["wrong_answer"], row["wrong_seeds"], row["seeds"]) == ("Low-Pain", "High-Pain", 1, 2)
    expected = table.loc[table["clip"] == "S01-001", "p_1"].mean()
    assert abs(row["p_label"] - expected) < 1e-12
    assert found.loc["S00-000", "wrong_answer"] == ""


def test_subjects_with_the_largest_share_of_failed_clips_stand_first(read):
    table = draw_predictions((2, 2), subjects=3, skill=1.0)
    table.loc[table["clip"].isin(["S02-000", "S02-001", "S01-003"]), "y_pred"] ^= 1
    section = build(read("mine", table, classes=("no", "yes")))
    assert section.title == "Failed clips by subject (3 of 12)"
    subjects = section.tables[1].text
    assert subjects.to_numpy().tolist() == [
        ["ai4pain/S02", "4", "2", "0.50", "no as yes: 2"],
        ["ai4pain/S01", "4", "1", "0.25", "yes as no: 1"],
        ["ai4pain/S00", "4", "0", "0.00", "–"],
    ]
    assert set(section.tables[2].text["Clip"]) == {"S02-000", "S02-001", "S01-003"}


def test_a_run_without_failed_clips_lists_none(read):
    section = build(read("mine", draw_predictions((2, 2), subjects=3, skill=1.0), classes=("no", "yes")))
    assert [table.name for table in section.tables] == ["clips", "failures"]


def test_ten_thousand_clips_are_shown_in_part_and_written_whole(read):
    run = read("mine", draw_predictions((50, 50), subjects=100, skill=0.6), classes=("no", "yes"))
    everything, _, shown = build(run).tables
    assert len(everything.numbers) == 10_000
    assert len(shown.text) == MOST_SHOWN
    assert shown.note.startswith(f"{MOST_SHOWN} of {everything.numbers['failed'].sum()} failed clips.")


def test_without_labels_or_subjects_there_is_none(read):
    table = draw_predictions(subjects=3)
    assert build(read("unlabelled", table.assign(y_true=pd.array([pd.NA] * len(table), dtype="Int64")))) is None
    assert build(read("images", draw_predictions((1, 0, 0), subjects=12))) is None
