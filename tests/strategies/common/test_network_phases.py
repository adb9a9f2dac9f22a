"""Training in phases: exactly which weights move in which phase, frozen batch normalisation, and resuming."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.forked_program import CODE, forked
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.alexnet import build_alexnet
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.surgery import with_classes
from transferpain.networks.training.determinism import make_deterministic
from transferpain.strategies.common.network import Shown, TrainedNetwork, Tuning, train_network
from transferpain.strategies.common.pictures import still_pictures
from transferpain.strategies.registry import STRATEGIES

pytestmark = pytest.mark.slow
SIZE = 32
BUILD = {"resnet18": build_resnet18, "alexnet": build_alexnet}
SAMPLES = pd.DataFrame(
    {"dataset": "drawn", "subject": range(12), "clip": range(12), "y": pd.array([0, 1] * 6, dtype="Int64")}
).assign(file_clip=range(12), row=-1)
FOLD = Fold("test", np.arange(6), np.arange(6, 9), np.arange(9, 12))


TRAINING = {
    "epochs": 1,
    "batch": 6,
    "dtype": "float32",
    "patience": None,
    "checkpoint_seconds": 0,
    "optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.8},
}
IMAGES = np.random.default_rng(0).integers(0, 256, (12, SIZE, SIZE), dtype=np.uint8)
TARGETS = np.eye(2, dtype=np.float32)[SAMPLES["y"].to_numpy(int)]
# The process ends itself without a chance to clean up, in the second epoch of the second phase.
KILLED = """
import os, signal
from pathlib import Path
from tests.strategies.common.test_network_phases import train_in_phases
folder = Path({folder!r})
train_in_phases(folder, lambda: (folder / "checkpoint-stage4.npz").is_file() and os.kill(os.getpid(), signal.SIGKILL))
"""


def experiment(strategy: str, backbone: str, **changes) -> Experiment:
    values = {
        "name": "phases",
        "task": "ferplus-emotions",
        "protocol": {"kind": "folders"},
        "source": "untrained",
        "backbone": backbone,
        "strategy": strategy,
        "head": {"kind": "dense"},
        "training": TRAINING,
    }
    return Experiment.model_validate(values | changes)


def tiny_network() -> keras.Model:
    """A network of few weights whose layers are named as those of ResNet-18."""
    images = keras.Input((SIZE, SIZE, 3), name="images")
    x = images
    for name in ("stem", "stage4"):
        kernel = keras.initializers.HeNormal(seed=1)
        x = keras.layers.Conv2D(4, 3, 2, use_bias=False, kernel_initializer=kernel, name=f"{name}_conv")(x)
        x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
        x = keras.layers.ReLU(name=f"{name}_relu")(x)
    x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
    kernel = keras.initializers.HeNormal(seed=2)
    x = keras.layers.Dense(8, "relu", kernel_initializer=kernel, name="embedding")(x)
    x = keras.layers.Dense(2, kernel_initializer=kernel, name="logits")(x)
    return keras.Model(images, keras.layers.Activation("softmax", name="probabilities")(x))


def train(settings: Experiment, folder: Path, start=None, loading=lambda: None) -> tuple[keras.Model, TrainedNetwork]:
    """Train on drawn noise; `loading` is called whenever training pictures are loaded."""
    make_deterministic()
    if start is None:
        start = with_classes(BUILD[settings.backbone](SIZE, 3, embedding=8), 2, SIZE, 0, settings.feature_layer)
    stills = still_pictures(IMAGES, np.arange(12), TARGETS)

    def rows_of(positions: np.ndarray):
        load, sample = stills.rows_of(positions)
        return lambda rows: (loading(), load(rows))[1], sample

    pictures = replace(stills, rows_of=rows_of)
    tuning = Tuning(STRATEGIES[settings.strategy].phases_of(settings), settings.rows)
    shown = Shown(SAMPLES, pictures, Preprocessing(size=SIZE))
    return start, train_network(settings, tuning, start, shown, (FOLD, 0), folder)


def train_in_phases(folder: Path, loading=lambda: None) -> tuple[keras.Model, TrainedNetwork]:
    """Train the tiny network in two phases of three epochs, with everything that carries state."""
    training = TRAINING | {"epochs": 6, "batch": 2, "patience": 2, "ema": 0.9, "augment": {"flip": 0.5}}
    settings = experiment("gradual_unfreezing", "resnet18", phases_up_to="stage4", training=training)
    return train(settings, folder, tiny_network(), loading)


def weights_after(folder: Path, phase: str, start: keras.Model) -> dict[str, np.ndarray]:
    """Return the weights at the end of a phase by their paths, as its checkpoint holds them."""
    with np.load(folder / f"checkpoint-{phase}.npz") as file:
        return {variable.path: file[f"model_{i}"] for i, variable in enumerate(start.variables)}


CASES = {
    "resnet18": ("resnet18", "stage4", {"head": {"embedding", "logits"}, "stage4": {"embedding", "logits", "stage4"}}),
    "alexnet": (
        "alexnet",
        None,
        {
            "head": {"embedding", "logits"},
            "conv5": {"embedding", "logits", "conv5"},
            "conv4": {"embedding", "logits", "conv5", "conv4"},
            "conv3": {"embedding", "logits", "conv5", "conv4", "conv3"},
            "conv2": {"embedding", "logits", "conv5", "conv4", "conv3", "conv2"},
            "conv1": {"embedding", "logits", "conv5", "conv4", "conv3", "conv2", "conv1"},
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_weights_of_a_phase_move(case, tmp_path):
    backbone, up_to, moving = CASES[case]
    start, trained = train(experiment("gradual_unfreezing", backbone, phases_up_to=up_to), tmp_path)
    before = {variable.path: variable.numpy() for variable in start.variables}
    for phase, blocks in moving.items():
        after = weights_after(tmp_path, phase, start)
        moved = {path for path in before if not np.array_equal(before[path], after[path])}
        # Moving means and variances of batch normalisation are among the variables.
        assert moved == {path for path in before if path.split("_")[0].split("/")[0] in blocks}
        before = after
    assert list(trained.training.history["phase"]) == list(moving)
    assert list(trained.training.history["epoch"]) == list(range(1, len(moving) + 1))
    for variable in trained.model.variables:
        np.testing.assert_array_equal(variable.numpy(), before[variable.path])
    assert all(layer.trainable for layer in trained.model.layers)


def test_head_moves_the_last_layer_alone_on_stored_statistics(tmp_path):
    """The first loss is that of the network in inference mode; batch statistics would give another one."""
    start, trained = train(experiment("last_layer", "resnet18", feature_layer="gap"), tmp_path)
    moved = {
        old.path
        for old, new in zip(start.variables, trained.model.variables, strict=True)
        if not np.array_equal(old.numpy(), new.numpy())
    }
    assert moved == {"logits/kernel", "logits/bias"}
    assert list(trained.training.history["phase"]) == ["last_layer"]
    scaled = np.repeat(IMAGES[:6, ..., None], 3, axis=3).astype(np.float32) / 255
    losses = {
        training: float(keras.losses.CategoricalCrossentropy()(TARGETS[:6], start(scaled, training=training)))
        for training in (False, True)
    }
    loss = trained.training.history["loss"].iloc[0]  # one batch: the loss before the first step
    assert loss == pytest.approx(losses[False], rel=1e-4)
    assert abs(loss - losses[True]) > 1e-3


def test_the_penalty_is_coupled_and_on_trained_kernels_only(tmp_path):
    """One step of plain SGD: with the penalty a kernel ends 2 * l2 * rate * w lower, and a bias does not."""
    rate, l2 = 0.1, 0.01
    plain_training = TRAINING | {"optimizer": {"name": "sgd", "learning_rate": rate}}
    plain, penalised = (
        train(experiment("last_layer", "resnet18", training=training), tmp_path / name, tiny_network())[1]
        for name, training in (("plain", plain_training), ("penalised", plain_training | {"kernel_l2": l2}))
    )
    first, second = (network.model.get_layer("logits").get_weights() for network in (plain, penalised))
    kernel = tiny_network().get_layer("logits").get_weights()[0]
    np.testing.assert_allclose(first[0] - second[0], 2 * l2 * rate * kernel, atol=1e-6)
    np.testing.assert_allclose(first[1], second[1], atol=1e-6)
    penalty = penalised.training.history["loss"].iloc[0] - plain.training.history["loss"].iloc[0]
    assert penalty == pytest.approx(l2 * (kernel**2).sum(), rel=1e-3)
    assert penalised.model.get_layer("logits").kernel_regularizer is None


def test_killed_inside_its_second_phase_a_training_ends_with_the_same_bits(tmp_path):
    _, whole = train_in_phases(tmp_path / "whole")
    killed = forked(KILLED.format(folder=str(tmp_path / "killed")), module=CODE)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with np.load(tmp_path / "killed" / "checkpoint-stage4.npz") as file:
        assert json.loads(str(file["progress"]))["epoch"] == 1
    head = (tmp_path / "killed" / "checkpoint-head.npz").stat().st_mtime_ns
    _, resumed = train_in_phases(tmp_path / "killed")
    assert (tmp_path / "killed" / "checkpoint-head.npz").stat().st_mtime_ns == head
    pd.testing.assert_frame_equal(resumed.predictions, whole.predictions, check_exact=True)
    pd.testing.assert_frame_equal(
        resumed.training.history.drop(columns="seconds"), whole.training.history.drop(columns="seconds")
    )
    assert resumed.training.epoch == whole.training.epoch
