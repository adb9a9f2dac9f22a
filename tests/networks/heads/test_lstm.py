import keras
import numpy as np
import pytest
import tensorflow as tf

from transferpain.networks.heads.lstm import build_lstm


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def clips(shape=(4, 6, 8)):
    return np.random.default_rng(0).normal(1.0, 1.0, size=shape).astype("float32")


@pytest.mark.parametrize("masked", [False, True])
def test_parameter_count(masked):
    model = build_lstm(300, 1024, 3, seed=0, masked=masked)
    assert model.count_params() == 143_043  # protocols 3
    assert count(model.trainable_weights) == 140_899
    assert count(model.non_trainable_weights) == 2_144


def test_answers_probabilities():
    answer = build_lstm(6, 8, 4, seed=0).predict(clips(), verbose=0)
    assert answer.shape == (4, 4)
    assert answer.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_masked_frames_count_neither_in_the_answer_nor_in_the_statistics(training):
    whole = clips((4, 4, 8))
    gap = np.zeros((4, 1, 8), "float32")
    with_gaps = np.concatenate([whole[:, :1], gap, whole[:, 1:], gap], axis=1)  # a missing frame, and padding
    short, long = build_lstm(4, 8, 3, seed=0, masked=True), build_lstm(6, 8, 3, seed=0, masked=True)
    for model in (short, long):
        for name in ("dropout1", "dropout2"):
            model.get_layer(name).rate = 0.0
    answers = [np.array(model(x, training=training)) for model, x in ((short, whole), (long, with_gaps))]
    assert answers[0] == pytest.approx(answers[1], abs=1e-5)
    means = [model.get_layer("norm1").moving_mean.numpy() for model in (short, long)]
    assert means[0] == pytest.approx(means[1], abs=1e-6)
    assert (np.abs(means[0]).max() > 0) == training


def test_without_a_mask_a_row_of_zeros_is_a_frame():
    x = clips()
    x[:, -2:] = 0
    plain, masked = build_lstm(6, 8, 3, seed=0), build_lstm(6, 8, 3, seed=0, masked=True)
    assert not np.allclose(plain(x, training=False), masked(x, training=False), atol=1e-4)


def test_a_clip_of_missing_frames_only_gives_a_finite_answer():
    answer = build_lstm(6, 8, 3, seed=0, masked=True)(np.zeros((2, 6, 8), "float32"), training=True)
    assert np.isfinite(np.array(answer)).all()


def test_after_fifty_steps_small_features_still_tell_clips_apart():
    small = np.random.default_rng(0).normal(0.2, 0.1, size=(16, 6, 8)).astype("float32")
    model = build_lstm(6, 8, 3, seed=0)
    step = tf.function(lambda: model(small, training=True))  # eagerly fifty of them take several seconds
    for _ in range(50):
        step()
    normalized = np.array(model.get_layer("norm1")(small, training=False))
    assert normalized.std() == pytest.approx(1, abs=0.5)
    assert np.array(model(small, training=False)).std(axis=0).max() > 0.01


def test_the_seed_sets_the_weights():
    first, same, other = (build_lstm(6, 8, 3, seed=seed) for seed in (1, 1, 2))
    weights = [[np.array(w) for w in model.trainable_weights] for model in (first, same, other)]
    assert all(np.array_equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    kernel, recurrent = first.get_layer("lstm1").get_weights()[:2]
    other_kernel, other_recurrent = other.get_layer("lstm1").get_weights()[:2]
    assert not np.array_equal(kernel, other_kernel)
    assert not np.array_equal(recurrent, other_recurrent)


def test_loads_in_plain_keras(tmp_path):
    model = build_lstm(6, 8, 3, seed=0, masked=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded.predict(clips(), verbose=0), model.predict(clips(), verbose=0))
