import gc
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from tests.networks.training.drawn import COSINE, EVERYTHING, SEED, equal_weights, image_data, small_network
from transferpain.core.errors import UserError
from transferpain.networks.training.batches import Batches, array_batches, one_hot
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import OPTIMIZERS, build_optimizer, fit, reset_model
from transferpain.networks.training.settings import (
    OptimizerSettings,
    ScheduleSettings,
    TrainingSettings,
)


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    make_deterministic()


def line_data(rows: int = 64, wrong: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes on a line; a share of the labels is wrong."""
    random = np.random.default_rng(7)
    inputs = random.normal(size=(rows, 3)).astype(np.float32)
    classes = (inputs[:, 0] > 0) ^ (random.random(rows) < wrong)
    return inputs, one_hot(classes, 2)


def line_batches(inputs: np.ndarray, targets: np.ndarray, shuffle=SEED, size: int = 16) -> Batches:
    return array_batches(inputs, targets, np.ones(len(inputs), np.float32), size, shuffle)


def linear_model() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(2, "softmax", kernel_initializer=keras.initializers.GlorotUniform(seed=0)),
        ]
    )


def test_early_stopping_restores_the_weights_of_the_best_epoch(tmp_path):
    training = line_batches(*line_data())
    inputs, targets = line_data(wrong=0.4)
    settings = TrainingSettings(optimizer={"name": "sgd", "learning_rate": 0.4}, epochs=60, patience=3, batch=16)
    model = linear_model()
    validation = line_batches(inputs, targets, shuffle=None)
    result = fit(model, training, validation, settings, tmp_path / "a.npz", SEED)
    losses = result.history["val_loss"].to_numpy()
    assert result.epoch == losses.argmin() + 1
    assert len(losses) == result.epoch + 3 < 60
    kept = model.get_weights()
    reset_model(model, linear_model().get_weights())
    to_best = settings.model_copy(update={"epochs": result.epoch, "patience": None})
    fit(model, training, validation, to_best, tmp_path / "b.npz", SEED)
    assert equal_weights(model.get_weights(), kept)


def test_without_patience_the_last_weights_are_kept(tmp_path):
    settings = TrainingSettings(optimizer={"learning_rate": 0.1}, epochs=5, patience=None)
    validation = line_batches(*line_data(wrong=0.5), shuffle=None)
    model = linear_model()
    result = fit(model, line_batches(*line_data()), validation, settings, tmp_path / "c.npz", SEED)
    assert result.epoch == len(result.history) == 5
    scores = model.evaluate(validation.dataset(lambda: 0), verbose=0)
    assert scores[0] == pytest.approx(result.history["val_loss"].iloc[-1], rel=1e-6)


def test_an_epoch_of_several_passes_is_said_once_and_takes_their_steps(tmp_path, capfd):
    settings = TrainingSettings(epochs=2, patience=None, batch=16, epoch_steps=7)
    batches = line_batches(*line_data())
    for name in ("d", "e"):
        model = linear_model()
        assert len(fit(model, batches, batches, settings, tmp_path / f"{name}.npz", SEED).history) == 2
        assert int(model.optimizer.iterations) == 2 * 2 * batches.steps
    said = capfd.readouterr().err
    assert said.count("an epoch sees all training rows 2 times: once takes 4 of the 7 steps") == 1


def test_it_learns_and_the_history_says_so(tmp_path):
    inputs, targets = line_data(256)
    settings = TrainingSettings(optimizer={"name": "adam", "learning_rate": 0.1}, epochs=8, patience=None)
    validation = line_batches(*line_data(100), shuffle=None)
    result = fit(linear_model(), line_batches(inputs, targets), validation, settings, tmp_path / "c.npz", SEED)
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"]
    assert list(result.history) == columns
    assert list(result.history["epoch"]) == list(range(1, 9))
    assert result.history["val_accuracy"].iloc[-1] > 0.9
    assert result.history["loss"].iloc[-1] < result.history["loss"].iloc[0] / 2


@pytest.mark.slow
def test_the_moving_average_is_validated_and_kept(tmp_path):
    inputs, targets = line_data()
    training = line_batches(inputs, targets, shuffle=None, size=64)  # one step per epoch
    optimizer = {"name": "sgd", "learning_rate": 1.0}
    plain, model = [], linear_model()
    for epochs in (1, 2, 3):
        reset_model(model, linear_model().get_weights())
        settings = TrainingSettings(optimizer=optimizer, epochs=epochs, patience=None)
        fit(model, training, training, settings, tmp_path / f"{epochs}.npz", SEED)
        plain.append(model.get_weights()[0])
    averaged = linear_model()
    settings = TrainingSettings(optimizer=optimizer, epochs=3, patience=None, ema=0.75)
    result = fit(averaged, training, training, settings, tmp_path / "average.npz", SEED)
    expected = 0.75 * (0.75 * plain[0] + 0.25 * plain[1]) + 0.25 * plain[2]
    np.testing.assert_allclose(averaged.get_weights()[0], expected, rtol=1e-5)
    loss = averaged.evaluate(training.dataset(lambda: 0), verbose=0)[0]
    assert loss == pytest.approx(result.history["val_loss"].iloc[-1], rel=1e-6)


def test_cosine_schedule_warms_up_and_decays_to_zero(tmp_path):
    settings = TrainingSettings(
        optimizer={"name": "sgd", "learning_rate": 0.08}, schedule=COSINE, epochs=5, patience=None
    )
    data = line_batches(*line_data())  # 4 steps per epoch, so 2 steps of warm-up and 18 of decay
    history = fit(linear_model(), data, data, settings, tmp_path / "c.npz", SEED).history
    expected = [0.04 * (1 + math.cos(math.pi * (4 * epoch - 2) / 18)) for epoch in range(1, 6)]
    np.testing.assert_allclose(history["learning_rate"], expected, atol=1e-8)
    assert float(build_optimizer(settings, steps=4).learning_rate) == 0
    rates = build_optimizer(settings, steps=4)._learning_rate
    np.testing.assert_allclose([rates(1), rates(2)], [0.04, 0.08], rtol=1e-6)


def test_cosine_schedule_without_warm_up_starts_at_its_peak():
    settings = TrainingSettings(optimizer={"learning_rate": 0.08}, schedule={"name": "cosine"}, epochs=5)
    assert float(build_optimizer(settings, steps=4).learning_rate) == pytest.approx(0.08)


def test_the_step_schedule_falls_after_its_epochs():
    """Hosseini: 4e-6, from epoch 60 on 8e-7, from epoch 120 on 1.6e-7."""
    settings = TrainingSettings(
        optimizer={"name": "sgd", "learning_rate": 4e-6}, schedule={"name": "step", "at": [60, 120]}, epochs=180
    )
    steps = 7
    rates = build_optimizer(settings, steps)._learning_rate
    of_epoch = [{float(rates(epoch * steps + step)) for step in range(steps)} for epoch in range(180)]
    np.testing.assert_allclose([list(rates) for rates in of_epoch[:60]], 4e-6, rtol=1e-6)
    np.testing.assert_allclose([list(rates) for rates in of_epoch[60:120]], 8e-7, rtol=1e-6)
    np.testing.assert_allclose([list(rates) for rates in of_epoch[120:]], 1.6e-7, rtol=1e-6)


def test_weight_decay_spares_biases(tmp_path):
    inputs, targets = np.zeros((16, 3), np.float32), np.full((16, 2), 0.5, np.float32)
    model = linear_model()
    kernel = model.get_weights()[0]
    model.set_weights([kernel, np.full(2, 0.3, np.float32)])
    settings = TrainingSettings(
        optimizer={"name": "sgd", "learning_rate": 0.5, "weight_decay": 0.1}, epochs=2, patience=None
    )
    data = line_batches(inputs, targets)
    fit(model, data, data, settings, tmp_path / "c.npz", SEED)  # no gradient: only the decay acts
    np.testing.assert_allclose(model.get_weights()[0], kernel * 0.95**2, rtol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], 0.3, rtol=1e-6)


@pytest.mark.slow
def test_rows_without_weight_teach_nothing(tmp_path):
    inputs, targets = line_data(128)
    weights = np.repeat(np.float32([1, 0]), 64)
    targets[64:] = targets[64:, ::-1]
    training = array_batches(inputs, targets, weights, 16, SEED)
    validation = line_batches(inputs[:64], targets[:64], shuffle=None)
    settings = TrainingSettings(optimizer={"learning_rate": 0.1}, epochs=8, patience=None)
    history = fit(linear_model(), training, validation, settings, tmp_path / "c.npz", SEED).history
    assert history["val_accuracy"].iloc[-1] > 0.9


def test_frozen_layers_stay_as_they_are(tmp_path):
    settings = EVERYTHING["sgd, cosine, average"]
    training, validation = image_data(settings)
    model = small_network()
    for layer in model.layers[:4]:
        layer.trainable = False
    before = [layer.get_weights() for layer in model.layers]
    fit(model, training, validation, settings, tmp_path / "c.npz", SEED)
    for number, layer in enumerate(model.layers):
        if before[number]:
            same = all(np.array_equal(a, b) for a, b in zip(before[number], layer.get_weights(), strict=True))
            assert same == (number < 4)


def test_divergence_is_an_error_and_leaves_the_last_good_epoch(tmp_path):
    inputs, targets = line_data()
    inputs[3] = np.nan
    settings = TrainingSettings(epochs=2)
    validation = line_batches(*line_data(), shuffle=None)
    with pytest.raises(UserError, match="The training diverged") as error:
        fit(linear_model(), line_batches(inputs, targets), validation, settings, tmp_path / "c.npz", SEED)
    assert "Received: epoch 1, loss nan" in str(error.value)
    assert not (tmp_path / "c.npz").exists()


def test_tensorboard_logs_every_epoch(tmp_path):
    settings = TrainingSettings(epochs=3, patience=None, tensorboard=True)
    data = line_batches(*line_data())
    history = fit(linear_model(), data, data, settings, tmp_path / "c.npz", SEED).history
    files = sorted((tmp_path / "tensorboard").iterdir())
    assert len(files) == 3
    logged = {}
    for file in files:
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                logged.setdefault(value.tag, {})[event.step] = float(tf.make_ndarray(value.tensor))
    assert set(logged) == set(history)
    assert logged["val_loss"] == pytest.approx(dict(zip(history["epoch"], history["val_loss"], strict=True)))


def test_no_logs_are_written_unasked(tmp_path):
    data = line_batches(*line_data())
    fit(linear_model(), data, data, TrainingSettings(epochs=1), tmp_path / "c.npz", SEED)
    assert [file.name for file in tmp_path.iterdir()] == ["c.npz"]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (OptimizerSettings(name="adam"), keras.optimizers.Adam),
        (OptimizerSettings(name="adamw", weight_decay=0.01), keras.optimizers.AdamW),
        (OptimizerSettings(name="adadelta", learning_rate=1), keras.optimizers.Adadelta),
        (OptimizerSettings(name="sgd", momentum=0.8), keras.optimizers.SGD),
    ],
)
def test_each_optimizer_is_built_with_its_rate(settings, kind):
    optimizer = build_optimizer(TrainingSettings(optimizer=settings, schedule=ScheduleSettings()), steps=3)
    assert isinstance(optimizer, kind)
    assert float(optimizer.learning_rate) == pytest.approx(settings.learning_rate)
    assert optimizer.get_config().get("momentum", settings.momentum) == settings.momentum


def graphs() -> int:
    gc.collect()
    return sum(isinstance(one, FuncGraph) for one in gc.get_objects())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_of_a_network_stays_in_memory_behind_its_training(name, tmp_path):
    optimizer = {"name": name, "learning_rate": 0.1, "weight_decay": 0.01 if name == "adamw" else 0}
    settings = TrainingSettings(optimizer=optimizer, ema=0.9, epochs=1, batch=16)
    before = graphs()
    for attempt in range(2):
        fit(linear_model(), line_batches(*line_data()), line_batches(*line_data(), None), settings,
            tmp_path / f"{attempt}.npz", SEED)  # fmt: skip
    assert graphs() == before
