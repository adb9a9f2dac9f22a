import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.evaluation.error_gaps import error_gaps
from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.groups import write_subjects
from transferpain.reports.facts import read_run
from transferpain.reports.sections.error_gaps import build, error_gaps_as_text


@pytest.fixture
def stated(tmp_path):
    """Return what writes a run of drawn predictions with what is stated of its subjects, and reads its facts."""

    def make(table, classes=("none", "low", "high"), facts=None, **people):
        folder = write_run(tmp_path, "ann", table, classes=classes, stated=facts)
        write_subjects(folder, table[["dataset", "subject"]].drop_duplicates().assign(**people))
        return read_run(folder)

    return make


def test_each_gap_stands_with_its_interval_and_its_test(stated):
    table = draw_predictions((4, 3, 2), subjects=18, seeds=(0, 1), spread=0.1)
    run = stated(table, sex=["m", "w"] * 9)
    section = build(run)
    numbers, text = section.tables[0].numbers, section.tables[0].text
    pd.testing.assert_frame_equal(numbers[run.error_gaps.columns], run.error_gaps)
    assert numbers["synthetic"].all()
    row, gap = text.iloc[0], numbers.iloc[0]
    assert row["Gap"] == with_interval(gap["gap"], gap["gap_low"], gap["gap_high"], signed=True)
    assert (row["Groups"], row["Subjects"]) == ("men minus women", "9, 9")
    assert "share of the clips of none that are answered as anything else" in section.tables[0].note
    assert section.paragraphs == ()


def test_too_few_subjects_have_the_reason(stated):
    run = stated(draw_predictions((4, 3), subjects=10), classes=("none", "pain"), sex=["m"] * 9 + ["w"])
    text = build(run).tables[0].text
    assert text["Gap"][0].endswith("[none: women: 1 subject, fewer than 8]")
    assert set(text["p"]) == set(text["p (Holm)"]) == {"–"}


def test_a_rate_that_is_not_defined_has_the_reason():
    table = draw_predictions((4, 4), subjects=4)
    lacking = table[(table["y_true"] == 1) | (table["subject"] > "S01")]
    found = error_gaps(lacking, table[["dataset", "subject"]].drop_duplicates().assign(sex=["m", "m", "w", "w"]))
    assert error_gaps_as_text(found)["Gap"][0] == "– [men: no clip without pain]"


def test_one_group_alone_is_said(stated):
    section = build(stated(draw_predictions(subjects=4), sex=["m", "m", "m", None], age=[20, 21, 40, 41]))
    assert section.paragraphs == ("There is no gap by sex: all tested subjects of whom it is stated are men.",)
    assert section.tables[0].text["By"].unique().tolist() == ["age"]


def test_no_group_at_all_is_said(stated):
    section = build(stated(draw_predictions(subjects=4), sex=["m", None, None, None], age=[None] * 4))
    assert section.paragraphs[0].endswith("are men.")
    assert section.tables == ()


def test_classes_without_an_order_are_said(stated):
    section = build(stated(draw_predictions(subjects=4), facts={"ordinal": False}, sex=["m", "w"] * 2))
    assert section.paragraphs == (
        "The classes of ann have no order: there are no false positives and false negatives by sex and age.",
    )


def test_data_that_state_neither_have_none(read):
    assert build(read("ann", draw_predictions(subjects=3))) is None
