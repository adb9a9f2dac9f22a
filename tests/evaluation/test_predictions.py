import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation.predictions import (
    clip_rows,
    labelled_rows,
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
