"""A head on cached features: which windows and frames it sees, and what it answers."""

import numpy as np
import pandas as pd
import pytest

from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.inputs.features.cache import write_features
from transferpain.strategies.frozen.training import (
    build_head,
    frame_batches,
    sequence,
    sequence_batches,
    train_head,
    windows_of,
)

DIMENSION = 6
CLASSES = 3


def experiment(**changes) -> Experiment:
    values = {
        "name": "test",
        "task": "ai4pain-three",
        "protocol": {"kind": "folders"},
        "source": "untrained",
        "strategy": "frozen",
        "features": {"fps": 4},
        "window": {"seconds": 1},
        "head": {"kind": "ann", "hidden": [8], "dropout": 0.0},
        "training": {"epochs": 30, "batch": 16, "class_weights": True, "optimizer": {"learning_rate": 0.01}},
    }
    return Experiment.model_validate(values | changes)


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    """Twelve clips of six subjects whose features show the class, with one gap, one faceless and one unusable clip."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(12):
        y = number % CLASSES
        features = random.normal(size=(10, DIMENSION)).astype(np.float16)
        features[:, y] += 4
        if number == 0:
            features[2] = np.nan
        if number == 11:
            features[:] = np.nan
        path = tmp_path / f"{number}.npy"
        write_features(path, features)
        rows.append({"subject": str(number // 2), "clip": f"clip{number}", "features": str(path), "y": y})
    rows[10]["features"] = ""
    table = pd.DataFrame(rows).assign(dataset="ai4pain", rate=4.0, row=-1)
    return table.astype({"y": "Int64"})


FOLD = Fold("test", np.arange(6), np.arange(6, 8), np.arange(8, 12))


def test_training_clips_are_cut_and_a_rest_is_left_out(clips):
    cut = windows_of(experiment(), clips.iloc[:2], "cut")
    assert list(zip(cut.clip, cut.start, cut.stop, strict=True)) == [(0, 0, 4), (0, 4, 8), (1, 0, 4), (1, 4, 8)]
    assert list(cut.y) == [0, 0, 1, 1]


def test_a_clip_can_be_one_frame_of_a_file(clips):
    frames = pd.concat([clips.iloc[:1].assign(row=row) for row in (1, 2, 9)])
    data = windows_of(experiment(), frames, "cut")
    assert list(zip(data.start, data.stop, strict=True)) == [(1, 2), (9, 10)]
    assert len(data.features) == 1


def test_features_spread_evenly_are_one_window(clips):
    whole = experiment(features={"frames": 10})
    data = windows_of(whole, clips.iloc[:1], "cut")
    assert list(zip(data.start, data.stop, strict=True)) == [(0, 10)]
    assert whole.window_frames == 10


def test_clips_without_a_face_or_features_give_no_window(clips):
    assert len(windows_of(experiment(), clips.iloc[10:], "first").clip) == 0


def test_frames_without_a_face_are_not_trained_on(clips):
    data = windows_of(experiment(), clips.iloc[:1], "first")
    batches = frame_batches(experiment(), data, np.ones(CLASSES), None)
    inputs = np.concatenate([batch[0] for batch in batches.of(0)])
    assert batches.rows == 3
    np.testing.assert_array_equal(inputs, np.asarray(data.features[0])[[0, 1, 3]].astype(np.float32))


def test_batches_carry_class_weights_and_depend_on_the_epoch_alone(clips):
    data = windows_of(experiment(), clips.iloc[:6], "cut")
    batches = frame_batches(experiment(), data, np.array([1.0, 2.0, 3.0]), (0, "test"))
    first, again, later = (list(batches.of(epoch)) for epoch in (0, 0, 1))
    assert all(
        np.array_equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert not np.array_equal(first[0][0], later[0][0])
    for _, targets, weights in first:
        np.testing.assert_array_equal(weights, targets.argmax(axis=1) + 1)


def test_a_gap_is_held_or_masked_and_short_windows_are_padded(clips):
    features = np.asarray(windows_of(experiment(), clips.iloc[:1], "first").window(0))[:3]
    held = sequence(experiment(), features)
    masked = sequence(experiment(window={"seconds": 1, "missing": "mask"}), features)
    assert held.shape == masked.shape == (4, DIMENSION)
    np.testing.assert_array_equal(held[2], held[1])
    assert not masked[2].any()
    assert not held[3].any()


def test_sequences_are_whole_windows(clips):
    data = windows_of(experiment(), clips.iloc[:6], "cut")
    (batch,) = sequence_batches(experiment(head={"kind": "lstm"}), data, np.ones(CLASSES), None).of(0)
    assert batch[0].shape == (12, 4, DIMENSION)


@pytest.mark.parametrize(("head", "parameters"), [({"kind": "ann"}, 1_185_027), ({"kind": "lstm"}, 143_043)])
def test_the_papers_heads_have_the_papers_parameters(head, parameters):
    prajod = experiment(head=head, features={"fps": 30}, window={"seconds": 10})
    assert build_head(prajod, 1024, CLASSES, 0).count_params() == parameters


@pytest.mark.slow
@pytest.mark.parametrize("head", [{"kind": "ann", "hidden": [8], "dropout": 0.0}, {"kind": "lstm"}])
def test_a_head_learns_and_answers_for_every_clip(clips, tmp_path, head):
    trained = train_head(experiment(head=head), clips, FOLD, 0, CLASSES, tmp_path / "checkpoint.npz")
    table = trained.predictions
    answers = table[table["frame"] == -1].set_index("clip")
    assert list(answers.index) == ["clip8", "clip9", "clip10", "clip11"]
    assert (answers["coverage"] == [1, 1, 0, 0]).all()
    np.testing.assert_allclose(answers.loc[["clip10", "clip11"], ["p_0", "p_1", "p_2"]], 1 / 3, atol=1e-6)
    if head["kind"] == "ann":
        assert list(answers["y_pred"][:2]) == [2, 0]
        assert (table.groupby("clip").size()[["clip8", "clip9"]] == 5).all()


@pytest.mark.slow
def test_a_head_that_was_trained_before_is_trained_as_if_it_were_new(clips, tmp_path):
    settings, traced = experiment(head={"kind": "ann", "hidden": [8], "dropout": 0.3}), {}
    for seed in (0, 1):
        trained = train_head(settings, clips, FOLD, seed, CLASSES, tmp_path / f"{seed}.npz", traced)
    alone = train_head(settings, clips, FOLD, 1, CLASSES, tmp_path / "alone.npz")
    assert len(traced) == 1
    assert trained.model not in traced.values()
    pd.testing.assert_frame_equal(trained.predictions, alone.predictions)
    pd.testing.assert_frame_equal(
        trained.training.history.drop(columns="seconds"), alone.training.history.drop(columns="seconds")
    )
    for one, other in zip(trained.model.get_weights(), alone.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
