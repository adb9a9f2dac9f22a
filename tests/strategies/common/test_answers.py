"""The table of predictions."""

import numpy as np
import pandas as pd

from transferpain.strategies.common.answers import (
    answer_by_prior,
    answer_by_sequence,
    answer_by_vote,
    predictions_table,
    training_prior,
)

PRIOR = np.array([0.5, 0.3, 0.2])
CLIPS = pd.DataFrame(
    {
        "dataset": "ai4pain",
        "subject": ["1", "2"],
        "clip": ["a", "b"],
        "y": pd.array([2, None], dtype="Int64"),
    }
)


def test_prior_is_the_share_of_each_class():
    np.testing.assert_allclose(training_prior(np.array([0, 0, 1, 2]), 4), [0.5, 0.25, 0.25, 0])


def test_votes_count_frames_with_a_face_only():
    found = np.array([True, False, True, True])
    probabilities = np.array([[0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.9, 0.1, 0.0]])
    answer = answer_by_vote(np.array([10, 12, 13]), found, probabilities, PRIOR)
    assert answer.y_pred == 1
    assert answer.coverage == 0.75
    np.testing.assert_array_equal(answer.frames, [10, 12, 13])


def test_a_clip_without_a_face_gets_the_prior_and_no_coverage():
    answer = answer_by_prior(PRIOR)
    assert (answer.y_pred, answer.coverage, len(answer.frames)) == (0, 0.0, 0)


def test_the_table_holds_the_clip_row_and_then_its_frames():
    voted = answer_by_vote(np.array([4, 5]), np.array([True, True]), np.array([[0, 0, 1.0], [0, 1.0, 0]]), PRIOR)
    table = predictions_table(CLIPS, [voted, answer_by_prior(PRIOR)], "fold0", 7, "test")
    assert list(table["frame"]) == [-1, 4, 5, -1]
    assert list(table["y_pred"]) == [1, 2, 1, 0]
    assert table["y_true"].isna().tolist() == [False, False, False, True]
    assert set(table["fold"]) == {"fold0"}
    assert set(table["seed"]) == {7}
    assert list(table.columns[5:8]) == ["seed", "part", "y_true"]
    assert set(table["part"]) == {"test"}
    np.testing.assert_allclose(table[["p_0", "p_1", "p_2"]].sum(axis=1), 1, atol=1e-6)
    assert list(table["coverage"]) == [1, 1, 1, 0]


def test_a_sequence_answer_has_no_frame_rows():
    answer = answer_by_sequence(np.array([0.6, 0.2, 0.2]), 0.5)
    assert list(predictions_table(CLIPS.head(1), [answer], "test", 0, "test")["frame"]) == [-1]


def test_frames_of_a_stretch_have_the_numbers_of_its_medium():
    voted = answer_by_vote(np.array([0, 2]), np.array([True, True]), np.array([[0, 0, 1.0], [0, 1.0, 0]]), PRIOR)
    clips = CLIPS.assign(kind=["span", "images"], first_frame=[40, 1])
    table = predictions_table(clips, [voted, voted], "fold0", 7, "test")
    assert list(table["frame"]) == [-1, 40, 42, -1, 0, 2]
