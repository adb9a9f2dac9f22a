"""The linear probe beside a head: the head's clips and windows, in the tables of the head."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.strategies.frozen.frozen_clips import CLASSES, experiment, write_clips
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.linear_probe import ONE_CLASS
from transferpain.inputs.features.cache import write_features
from transferpain.strategies.common import linear_probe
from transferpain.strategies.common.linear_probe import mean_and_maximum, probe_fold

FOLD = Fold("test", np.arange(6), np.arange(6, 8), np.arange(8, 12))


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    return write_clips(tmp_path)


def test_every_clip_has_an_answer_by_either_probe(clips):
    probed = probe_fold(experiment(), clips, FOLD, CLASSES)
    assert sorted(probed.answers["part"].unique()) == ["selection", "test"]
    for name in ("mean", "mean_and_maximum"):
        rows = probed.answers[probed.answers["probe"] == name].set_index("clip")
        assert list(rows.index) == [f"clip{number}" for number in range(6, 12)]
        # Clip 10 has no features and clip 11 shows no face: the training prior, coverage 0.
        assert list(rows["coverage"]) == [1, 1, 1, 1, 0, 0]
        np.testing.assert_allclose(rows.loc[["clip10", "clip11"], ["p_0", "p_1", "p_2"]], 1 / 3, atol=1e-6)
        assert list(rows.loc["clip6":"clip9", "y_pred"]) == [0, 1, 2, 0]
        assert set(rows["frame"]) == {-1}
    assert probed.facts["mean"] == {"c": probed.facts["mean"]["c"], "inner_folds": 3, "rows": 12, "reason": ""}


def test_what_it_was_fitted_to_is_the_training_clips_that_show_a_face(clips):
    fold = Fold("test", np.array([10, 4, 2, 11, 0]), np.arange(6, 8), np.arange(8, 10))
    probed = probe_fold(experiment(), clips, fold, CLASSES)
    assert [(one.step.split(":")[0], one.rows.tolist()) for one in probed.fitted] == [
        ("linear probe, mean", [0, 2, 4]),
        ("linear probe, mean_and_maximum", [0, 2, 4]),
    ]
    assert not any(one.transductive for one in probed.fitted)


def test_tested_and_selected_labels_and_features_change_nothing_that_is_fitted(clips, tmp_path):
    before = probe_fold(experiment(), clips, FOLD, CLASSES)
    changed = clips.copy()
    changed.loc[6:, "y"] = 0
    other = tmp_path / "other.npy"
    write_features(other, np.full((10, 6), 9, np.float16))
    changed.loc[[7, 9], "features"] = str(other)
    after = probe_fold(experiment(), changed, FOLD, CLASSES)
    kept = ["clip", "probe", "p_0", "p_1", "p_2"]
    same = before.answers["clip"].isin(["clip6", "clip8"])
    pd.testing.assert_frame_equal(before.answers.loc[same, kept], after.answers.loc[same, kept])
    assert before.facts == after.facts


def test_it_reads_the_window_that_the_head_reads_and_no_frame_without_a_face(clips):
    # Behind the first window stands another class: a clip is answered by its first second.
    features = np.load(clips["features"][8]).copy()
    features[4:, :3] = [9, 0, 0]
    features[1] = np.nan
    write_features(Path(clips["features"][8]), features)
    answers = probe_fold(experiment(), clips, FOLD, CLASSES).answers
    rows = answers[answers["clip"] == "clip8"]
    assert list(rows["y_pred"]) == [2, 2]
    assert list(rows["coverage"]) == [0.75, 0.75]


def test_single_frames_have_one_probe(tmp_path):
    path = tmp_path / "frames.npy"
    random = np.random.default_rng(0)
    y = np.arange(60) % 2
    features = random.normal(size=(60, 5)) + 6 * y[:, None]
    features[58] = np.nan
    write_features(path, features.astype(np.float16))
    frames = pd.DataFrame({"dataset": "unbc", "subject": [str(row // 10) for row in range(60)], "row": range(60)})
    frames = frames.assign(clip=frames["row"].astype(str), features=str(path), y=pd.array(y, "Int64"), rate=1.0)
    recipe = experiment(features={"fps": None}, head={"kind": "ann"}, task="unbc-binary-1")
    probed = probe_fold(recipe, frames, Fold("one", np.arange(30), np.arange(30, 40), np.arange(40, 60)), 2)
    assert set(probed.facts) == {"mean"}
    tested = probed.answers[probed.answers["part"] == "test"].set_index("clip")
    assert (tested["y_pred"].drop("58") == tested["y_true"].drop("58")).all()
    assert tested.loc["58", "coverage"] == 0


def test_of_very_many_rows_some_are_drawn_the_same_each_time(clips, monkeypatch):
    monkeypatch.setattr(linear_probe, "MOST_ROWS", 9)
    one, other = (probe_fold(experiment(), clips, FOLD, CLASSES) for _ in range(2))
    assert one.facts["mean"]["rows"] == 9
    pd.testing.assert_frame_equal(one.answers, other.answers)


def test_one_class_in_the_training_part_is_the_answer(clips):
    fold = Fold("test", np.array([0, 3]), np.arange(6, 8), np.arange(8, 12))
    probed = probe_fold(experiment(), clips, fold, CLASSES)
    assert set(probed.answers["y_pred"]) == {0}
    assert {facts["reason"] for facts in probed.facts.values()} == {ONE_CLASS}


def test_training_clips_without_a_face_are_an_error_that_names_the_fold(clips):
    with pytest.raises(UserError, match=r"Nothing can be learned in the fold bare(.|\n)*2 training clips, none with a"):
        probe_fold(experiment(), clips, Fold("bare", np.array([10, 11]), np.arange(2), np.arange(2, 4)), CLASSES)


def test_tested_clips_without_a_face_are_answered_by_the_prior(clips):
    fold = Fold("test", np.arange(4), np.arange(4, 6), np.array([10, 11]))
    tested = probe_fold(experiment(), clips, fold, CLASSES).answers.query("part == 'test'")
    np.testing.assert_allclose(tested[["p_0", "p_1", "p_2"]], [[0.5, 0.25, 0.25]] * 4, atol=1e-6)


def test_the_mean_and_the_maximum_stand_side_by_side():
    np.testing.assert_array_equal(mean_and_maximum(np.array([[1.0, 4.0], [3.0, 0.0]])), [2, 2, 3, 4])
