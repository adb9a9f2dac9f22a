"""A training that is interrupted, begun anew or run with other graphs ends with the same bits."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.forked_program import CODE, ForkedProgram
from tests.networks.training.drawn import (
    EVERYTHING,
    SEED,
    SGD,
    breaking_off,
    equal_weights,
    image_data,
    small_network,
    without_seconds,
)
from tests.waiting import wait_until
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import Training, fit, reset_model
from transferpain.networks.training.settings import (
    TrainingSettings,
)


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    make_deterministic()


@dataclass(frozen=True)
class Whole:
    """A training that nothing interrupted.

    Attributes:
        weights: those that it ended with.
        checkpoint: the file of its last epoch.
        model: its network, with traced graphs; what tests train is `anew(model)`.
    """

    settings: TrainingSettings
    weights: list[np.ndarray]
    result: Training
    checkpoint: Path
    model: keras.Model


@pytest.fixture(scope="module")
def whole_training(tmp_path_factory) -> Callable[[str], Whole]:
    """Takes the name of settings; each is trained once."""

    @cache
    def train(name: str) -> Whole:
        settings, model = EVERYTHING[name], small_network()
        checkpoint = tmp_path_factory.mktemp("whole") / "c.npz"
        result = fit(model, *image_data(settings), settings, checkpoint, SEED)
        return Whole(settings, model.get_weights(), result, checkpoint, model)

    return train


@pytest.fixture(
    params=[
        "adam, early stopping",
        pytest.param("sgd, cosine, average", marks=pytest.mark.slow),
        pytest.param("adadelta, average, early stopping", marks=pytest.mark.slow),
    ]
)
def uninterrupted(request, whole_training) -> Whole:
    return whole_training(request.param)


def anew(model: keras.Model) -> keras.Model:
    """Give a network that was trained the weights that it began with, and its optimiser no past."""
    reset_model(model, small_network().get_weights())
    return model


def state_in(checkpoint: Path) -> dict:
    with np.load(checkpoint) as file:
        return json.loads(str(file["progress"]))


def assert_same_end(whole: Whole, model: keras.Model, received: Training) -> None:
    assert equal_weights(model.get_weights(), whole.weights)
    assert received.epoch == whole.result.epoch
    pd.testing.assert_frame_equal(without_seconds(received.history), without_seconds(whole.result.history))


@pytest.mark.parametrize("broken_epoch", [pytest.param(0, marks=pytest.mark.slow), 3])
def test_an_interrupted_training_ends_with_the_same_bits(uninterrupted, broken_epoch, tmp_path):
    settings = uninterrupted.settings
    training, validation = image_data(settings)
    broken = breaking_off(training, broken_epoch)
    with pytest.raises(tf.errors.OpError, match="power cut"):
        fit(anew(uninterrupted.model), broken, validation, settings, tmp_path / "c.npz", SEED)
    assert broken_epoch == (state_in(tmp_path / "c.npz")["epoch"] if broken_epoch else 0)
    resumed = anew(uninterrupted.model)
    keras.utils.set_random_seed(123)
    received = fit(resumed, training, validation, settings, tmp_path / "c.npz", SEED)
    assert_same_end(uninterrupted, resumed, received)


@pytest.mark.slow
def test_another_network_goes_on_with_an_interrupted_training(whole_training, tmp_path):
    whole = whole_training("sgd, cosine, average")
    training, validation = image_data(whole.settings)
    with pytest.raises(tf.errors.OpError, match="power cut"):
        fit(anew(whole.model), breaking_off(training, 2), validation, whole.settings, tmp_path / "c.npz", SEED)
    resumed = small_network()
    received = fit(resumed, training, validation, whole.settings, tmp_path / "c.npz", SEED)
    assert_same_end(whole, resumed, received)


def test_another_seed_gives_other_weights(whole_training, tmp_path):
    whole = whole_training("adam, early stopping")
    model = anew(whole.model)
    fit(model, *image_data(whole.settings), whole.settings, tmp_path / "c.npz", (1, "fold"))
    # Only the dropout differs: the batches have their own seed.
    assert not equal_weights(model.get_weights(), whole.weights)


def test_a_finished_training_is_not_run_again(whole_training, tmp_path):
    whole = whole_training("adadelta, average, early stopping")
    training, validation = image_data(whole.settings)
    checkpoint = shutil.copy(whole.checkpoint, tmp_path / "c.npz")
    model = anew(whole.model)
    received = fit(model, breaking_off(training, 0), validation, whole.settings, checkpoint, SEED)
    assert equal_weights(model.get_weights(), whole.weights)
    pd.testing.assert_frame_equal(received.history, whole.result.history)


def test_what_a_finished_training_leaves_is_its_model_alone(whole_training):
    whole = whole_training("adadelta, average, early stopping")
    with np.load(whole.checkpoint) as file:
        assert sorted(file.files) == sorted(["progress", *(f"model_{i}" for i in range(len(whole.model.variables)))])


@pytest.mark.slow
def test_a_finished_training_is_not_mistaken_for_a_model_that_was_never_trained(whole_training, tmp_path):
    whole = whole_training("adam, early stopping")
    next_phase = TrainingSettings(optimizer=SGD, epochs=2, batch=16, patience=None)
    ends = []
    for checkpoint in (tmp_path / "c.npz", Path(shutil.copy(whole.checkpoint, tmp_path / "finished.npz"))):
        model = small_network()
        fit(model, *image_data(whole.settings), whole.settings, checkpoint, SEED)
        fit(model, *image_data(next_phase), next_phase, tmp_path / f"next-{checkpoint.name}", (0, "next"))
        ends.append(model.get_weights())
    assert equal_weights(*ends)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "left"), [(0, [1, 2]), (3600, [None, None])])
def test_a_checkpoint_is_written_when_the_time_has_come(whole_training, seconds, left, tmp_path):
    whole = whole_training("sgd, cosine, average")
    training, validation = image_data(whole.settings)
    settings = whole.settings.model_copy(update={"checkpoint_seconds": seconds})
    found = []
    for epoch in (1, 2):
        with pytest.raises(tf.errors.OpError, match="power cut"):
            fit(anew(whole.model), breaking_off(training, epoch), validation, settings, tmp_path / "c.npz", SEED)
        found.append(state_in(tmp_path / "c.npz")["epoch"] if (tmp_path / "c.npz").exists() else None)
    assert found == left
    resumed = anew(whole.model)
    received = fit(resumed, training, validation, whole.settings, tmp_path / "c.npz", SEED)
    assert_same_end(whole, resumed, received)
    assert state_in(tmp_path / "c.npz")["finished"]


@pytest.mark.parametrize(
    ("name", "together"),
    [
        ("adam, early stopping", 3),
        pytest.param("adadelta, average, early stopping", 16, marks=pytest.mark.slow),
        pytest.param("sgd, cosine, average", 2, marks=pytest.mark.slow),
        pytest.param("sgd, cosine, average", 3, marks=pytest.mark.slow),
        pytest.param("sgd, cosine, average", 16, marks=pytest.mark.slow),
        pytest.param("adam, early stopping", 2, marks=pytest.mark.slow),
        pytest.param("adam, early stopping", 16, marks=pytest.mark.slow),
        pytest.param("adadelta, average, early stopping", 2, marks=pytest.mark.slow),
        pytest.param("adadelta, average, early stopping", 3, marks=pytest.mark.slow),
    ],
)
def test_batches_that_are_handed_over_together_teach_the_same(whole_training, name, together, tmp_path, monkeypatch):
    whole = whole_training(name)
    training, validation = (replace(batches, together=together) for batches in image_data(whole.settings))
    rows = []
    bar = nullcontext(rows.append)
    monkeypatch.setattr("transferpain.networks.training.fit.progress_bar", lambda *_: bar)
    model = small_network()
    received = fit(model, training, validation, whole.settings, tmp_path / "c.npz", SEED)
    assert_same_end(whole, model, received)
    assert sum(rows) == len(received.history) * training.steps * training.size


def test_a_model_that_starts_anew_ends_as_a_new_one(uninterrupted, tmp_path):
    settings, model = uninterrupted.settings, anew(uninterrupted.model)
    fit(model, *image_data(settings), settings, tmp_path / "first.npz", (1, "another"))
    again = fit(anew(model), *image_data(settings), settings, tmp_path / "again.npz", SEED)
    assert_same_end(uninterrupted, model, again)


PROGRAM = """
from pathlib import Path
from tests.networks.training.test_resume import EVERYTHING, SEED, fit, image_data, make_deterministic, small_network
import numpy as np
make_deterministic()
settings = EVERYTHING["sgd, cosine, average"].model_copy(update={{"epochs": 40}})
training, validation = image_data(settings)
model = small_network()
fit(model, training, validation, settings, Path({checkpoint!r}), SEED)
np.savez({out!r}, *model.get_weights())
"""


@pytest.mark.slow
def test_a_killed_process_goes_on_and_ends_with_the_same_bits(tmp_path):
    def start(name: str) -> ForkedProgram:
        checkpoint, out = (str(tmp_path / f"{name}{ending}.npz") for ending in ("", "-out"))
        return ForkedProgram(PROGRAM.format(checkpoint=checkpoint, out=out), module=CODE)

    assert start("whole").wait() == 0
    process = start("killed")
    wait_until((tmp_path / "killed.npz").exists, process)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed-out.npz").exists()
    assert start("killed").wait() == 0
    with np.load(tmp_path / "whole-out.npz") as whole, np.load(tmp_path / "killed-out.npz") as resumed:
        for name in whole.files:
            np.testing.assert_array_equal(whole[name], resumed[name])
