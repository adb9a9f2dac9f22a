import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.predictions import (
    clip_rows,
    fault_of_answers,
    fault_of_kinds,
    labelled_rows,
    named_alone,
    number_of_classes,
)


def test_only_rows_of_whole_clips_are_scored():
    table = draw_predictions(subjects=2)
    frames = table.assign(frame=5, y_pred=0)
    both = pd.concat([frames, table])
    assert len(clip_rows(both)) == len(table)


def test_unlabelled_and_uncovered_rows_are_left_out():
    table = draw_predictions(subjects=2)  # 24 clips
    table.loc[0, "y_true"] = pd.NA
    table.loc[[0, 1, 2], "coverage"] = 0.0
    assert len(labelled_rows(table)) == 23
    assert len(labelled_rows(table, covered=True)) == 21


def test_counts_the_columns_of_probabilities_only():
    table = draw_predictions((1, 1, 1, 1), subjects=1).assign(p_value=0.5)
    assert number_of_classes(table) == 4


def test_a_clip_predicted_twice_is_refused():
    table = draw_predictions(subjects=2)
    with pytest.raises(UserError, match="more than once"):
        clip_rows(pd.concat([table, table.assign(fold=1)]))


def test_a_run_with_missing_seeds_is_refused():
    table = draw_predictions(subjects=2, seeds=(0, 1))
    with pytest.raises(UserError, match="not finished"):
        clip_rows(table[~((table["seed"] == 1) & (table["subject"] == "S01"))])


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_answers_of_a_run_have_no_fault(classes):
    table = draw_predictions((2,) * classes)
    unlabelled = table.assign(y_true=pd.array([pd.NA] * len(table), dtype="Int64"))
    for one in (table, unlabelled, table.assign(frame=3), table.astype({"p_0": "float32"})):
        assert fault_of_kinds(one) == fault_of_answers(one, classes) == ""


def test_a_fault_names_the_column_what_it_holds_and_what_is_meant():
    table = draw_predictions((2, 2))
    odd = table["y_pred"].where(table.index != 3, 2)
    said = fault_of_answers(table.assign(y_pred=odd), 2)
    assert said == "the column `y_pred` holds 2; a whole number from 0 to 1 is meant"
    assert fault_of_answers(table, 3) == "no column `p_2`"
    assert fault_of_answers(table.assign(p_2=0.0), 2) == "3 columns of probabilities for 2 classes"
    assert fault_of_kinds(table.assign(p_1="a")) == "the column `p_1` holds something else than numbers, such as 'a'"


def test_clips_of_a_run_of_two_datasets_are_named_as_in_their_own():
    alone = draw_predictions(subjects=2)
    crossed = alone.assign(clip="ai4pain/" + alone["clip"])
    assert named_alone(crossed, "ai4pain")["clip"].tolist() == alone["clip"].tolist()
    assert named_alone(crossed, None) is crossed
    assert crossed["clip"].str.startswith("ai4pain/").all()
