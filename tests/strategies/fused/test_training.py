"""The fused network: what moves in which phase, what it learns from, and what it answers."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.strategies.fused.recorded import SIZE, clip_of, face_points, grey
from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.training.determinism import make_deterministic
from transferpain.strategies.fused.inputs import UNREADABLE, Clip
from transferpain.strategies.fused.training import Recordings, answer_clips, build_network, train_fused

FRAMES = 2
MOUTH = 13  # a point of the upper lip
FUSED = {
    "name": "fused",
    "task": "biovid-bl1-pa4",
    "protocol": {"kind": "group_kfold"},
    "source": "untrained",
    "strategy": "fused",
    "fusion": {"frames": FRAMES},
    "head": {"kind": "dense"},
    "training": {"epochs": 1, "batch": 8, "patience": None, "dtype": "float32"},
}


def experiment(**changes) -> Experiment:
    return Experiment.model_validate(merge(FUSED, changes))


def recordings(people: int) -> Recordings:
    """Return two clips of each person; in the second the mouth is open, and the pictures are brighter."""
    samples, clips = [], []
    for person in range(people):
        random = np.random.default_rng(person)
        face = face_points(np.random.default_rng(0)) + random.normal(0, 0.5, (478, 3))
        for y in (0, 1):
            points = face.copy()
            points[: MOUTH + 1, 1] += 8 * y
            pictures = [grey(int(random.integers(60, 90)) + 100 * y) for _ in range(FRAMES)]
            clips.append(clip_of(pictures, np.stack([points + random.normal(0, 0.1, (478, 3))] * FRAMES)))
            samples.append({"dataset": "drawn", "subject": person, "clip": f"{person}-{y}", "y": y})
    table = pd.DataFrame(samples).astype({"y": "Int64"})
    return Recordings(table, clips, 2, Preprocessing(size=SIZE))


def fold_of(data: Recordings, train: int, selection: int) -> Fold:
    """Train on the first people, select on the next, test on the others."""
    person = data.samples["subject"].to_numpy()
    parts = (person < train, (person >= train) & (person < train + selection), person >= train + selection)
    return Fold("fold0", *(np.flatnonzero(part) for part in parts))


@pytest.mark.slow
def test_landmarks_alone_are_learned_and_answered_by_clip(tmp_path):
    make_deterministic()
    data = recordings(24)
    learning = {"epochs": 8, "optimizer": {"learning_rate": 0.003}}
    settings = experiment(fusion={"branches": "landmarks", "attention": False}, training=learning)
    trained = train_fused(settings, build_vgg16_gap(SIZE, 2), data, (fold_of(data, 16, 4), 0), tmp_path)
    history = trained.history
    assert list(history["phase"].unique()) == ["landmarks", "whole"]
    assert list(history["epoch"]) == list(range(1, 17))
    # In training: what normalisation has averaged after so few steps is not yet worth a test on other people.
    assert history["accuracy"].iloc[-1] > 0.9
    assert (trained.predictions["frame"] == -1).all()  # a window is answered as a whole
    assert trained.predictions["part"].value_counts().to_dict() == {"test": 8, "selection": 8}


def weights_in(path: Path, like: keras.Model) -> dict[str, np.ndarray]:
    """Return the weights in a checkpoint by their paths."""
    with np.load(path) as file:
        return {variable.path: file[f"model_{number}"] for number, variable in enumerate(like.variables)}


@pytest.mark.slow
def test_exactly_the_layers_of_a_phase_move_and_boosting_answers(tmp_path):
    make_deterministic()
    data, vgg16 = recordings(6), build_vgg16_gap(SIZE, 2)
    boosted = experiment(head={"kind": "adaboost", "estimators": 3})
    fold = fold_of(data, 3, 2)
    trained = train_fused(boosted, vgg16, data, (fold, 0), tmp_path)
    assert list(trained.history["phase"]) == ["images", "landmarks", "whole"]
    model = trained.model
    start = {variable.path: variable.numpy() for variable in vgg16.variables}
    ends = {variable.path: variable.numpy() for variable in model.variables}
    blocks = [path for path in start if path.startswith("block")]
    moved = [path for path in blocks if not np.array_equal(start[path], ends[path])]
    assert {path.split("_")[0] for path in moved} == {"block5"}
    after = weights_in(tmp_path / "checkpoint-whole.npz", model)
    for path, value in ends.items():
        if "seed_generator" not in path:
            np.testing.assert_array_equal(value, after[path])
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
    assert all(layer.trainable for layer in model.layers)

    (trees,) = trained.parts.values()
    assert trees.n_features_in_ == 128
    assert {one.step: one.rows.tolist() for one in trained.fitted} == {
        "weights of the network": [0, 1, 2, 3, 4, 5],
        "prior for clips without a face": [0, 1, 2, 3, 4, 5],
        "batch normalisation": [0, 1, 2, 3, 4, 5],
        "AdaBoost on the embedding": [6, 7, 8, 9],
        "choice of the epoch": [6, 7, 8, 9],
    }
    tested = trained.predictions[trained.predictions["part"] == "test"]
    clips = tested[tested["frame"] == -1]
    assert clips["clip"].tolist() == data.samples["clip"].iloc[fold.test].tolist()
    assert len(tested) == len(clips) * (1 + FRAMES)  # the clip's vote, and each frame
    softmax = answer_clips(boosted, model, {}, data, fold, fold.test)
    assert not np.allclose(clips["p_0"], [answer.probabilities[0] for answer in softmax])


@pytest.mark.slow
@pytest.mark.parametrize("fusion", ["dense", "bilstm"])
def test_the_convolutions_alone_compute_in_bfloat16(fusion):
    settings, vgg16 = experiment(fusion={"fusion": fusion}), build_vgg16_gap(SIZE, 2)
    plain = build_network(settings, vgg16, "both", 2, seed=0)
    mixed = build_network(settings, with_dtype(vgg16, "mixed_bfloat16"), "both", 2, seed=0)
    random = np.random.default_rng(0)
    inputs = [random.random((2, *given.shape[1:]), dtype=np.float32) for given in plain.inputs]
    exact, coarse = (np.asarray(model(inputs, training=False)) for model in (plain, mixed))
    assert 0 < np.abs(exact - coarse).max() < 0.05
    policies = {layer.name: layer.compute_dtype for layer in mixed.layers if layer.weights}
    assert {name for name, dtype in policies.items() if dtype == "bfloat16"} == {
        layer.name for layer in vgg16.layers if layer.name.startswith("block") and layer.weights
    }
    mixed.set_weights(plain.get_weights())


def brightness(inputs: list[keras.KerasTensor], axes: tuple[int, ...]) -> keras.Model:
    """Return a network that answers the second class the more surely, the brighter its pictures are."""
    mean = keras.ops.mean(inputs[0], axis=axes)[:, None]
    return keras.Model(inputs, keras.ops.concatenate([1 - mean, mean], axis=1))


@pytest.mark.parametrize("fusion", ["dense", "bilstm"])
def test_clips_are_answered_in_their_order_and_by_frames_that_were_found(fusion):
    landmarks = np.stack([face_points(np.random.default_rng(0))] * FRAMES)
    clips = [
        clip_of([grey(200), grey(200)], landmarks),
        UNREADABLE,
        clip_of([grey(20), grey(220)], landmarks, [False, True]),
        clip_of([grey(30), grey(20)], landmarks),
    ]
    samples = pd.DataFrame({"dataset": "drawn", "subject": range(4), "clip": list("abcd"), "y": [1, 0, 1, 1]})
    data = Recordings(samples, clips, 2, Preprocessing(size=SIZE))
    settings = experiment(fusion={"fusion": fusion})
    steps = () if fusion == "dense" else (FRAMES,)
    shapes = [(*steps, SIZE, SIZE, 3), settings.fusion.landmark_shape]
    model = brightness([keras.Input(shape) for shape in shapes], tuple(range(1, 4 + len(steps))))
    fold = Fold("fold0", np.array([0, 3]), np.array([0]), np.array([3, 1, 2]))
    answers = answer_clips(settings, model, {}, data, fold, fold.test)
    assert answers[0].y_pred == 0
    assert answers[1].coverage == 0
    np.testing.assert_array_equal(answers[1].probabilities, [0, 1])  # as often as in training
    assert [answer.coverage for answer in answers] == [1, 0, 0.5]
    if fusion == "dense":
        assert answers[2].frames.tolist() == [1]
        assert answers[2].probabilities[1] == pytest.approx(220 / 255, abs=0.02)
    else:
        assert len(answers[2].frames) == 0
        assert answers[2].probabilities[1] == pytest.approx(120 / 255, abs=0.02)  # a picture stands as it was given


def test_clips_that_show_nothing_cannot_be_learned_from(tmp_path):
    data = recordings(4)
    nothing: list[Clip] = [UNREADABLE] * 4 + list(data.clips[4:])
    settings = experiment(fusion={"branches": "landmarks"})
    dark = Recordings(data.samples, nothing, 2, data.preprocessing)
    with pytest.raises(UserError, match="no clip to train or to select on"):
        train_fused(settings, build_vgg16_gap(SIZE, 2), dark, (fold_of(data, 2, 1), 0), tmp_path)
