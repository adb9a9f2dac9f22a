"""Action units beside pain through whole trainings: what they change, what they leave, and resuming."""

import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.forked_program import CODE, forked
from tests.strategies.common import test_network_phases as phases
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.training.determinism import make_deterministic
from transferpain.strategies.common.network import Shown, TrainedNetwork, Tuning, train_network
from transferpain.strategies.common.pictures import Pictures, still_pictures
from transferpain.strategies.common.units import CodedUnits, ShownUnits
from transferpain.strategies.registry import STRATEGIES

pytestmark = pytest.mark.slow
# Training samples are the first six; the second unit is coded in half of them, the third in none.
CODED = np.random.default_rng(1).integers(0, 6, (12, 3)).astype(float)
CODED[::2, 1] = np.nan
CODED[:, 2] = np.nan
EVERYTHING = {"epochs": 4, "batch": 2, "patience": 2, "ema": 0.9, "augment": {"flip": 0.5, "mixup": 0.2}}
# The process ends itself without a chance to clean up, in the second epoch of the second phase.
KILLED = """
import os, signal
from pathlib import Path
from tests.strategies.common.test_network_units import train_in_phases
folder = Path({folder!r})
train_in_phases(folder, lambda: (folder / "checkpoint-stage4.npz").is_file() and os.kill(os.getpid(), signal.SIGKILL))
"""


def train(strategy: str, folder: Path, weight: float | None, loading=lambda: None, **changes) -> TrainedNetwork:
    """Train the tiny network on drawn noise, with units beside it unless their weight is `None`."""
    make_deterministic()
    changes = changes | {"training": phases.TRAINING | changes.get("training", {})}
    settings = phases.experiment(strategy, "resnet18", **changes)
    stills = still_pictures(phases.IMAGES, np.arange(12), phases.TARGETS)

    def rows_of(positions: np.ndarray):
        load, sample = stills.rows_of(positions)
        return lambda rows: (loading(), load(rows))[1], sample

    coded = CodedUnits((4, 6, 7), CODED, None, np.array(["a"] * 12), np.zeros(12, int))
    units = None if weight is None else ShownUnits(coded, weight, "embedding")
    tuning = Tuning(STRATEGIES[settings.strategy].phases_of(settings), settings.rows)
    pictures = Pictures(rows_of, stills.tested, stills.targets)
    shown = Shown(phases.SAMPLES, pictures, Preprocessing(size=phases.SIZE), units)
    return train_network(settings, tuning, phases.tiny_network(), shown, (phases.FOLD, 0), folder)


def train_in_phases(folder: Path, loading=lambda: None) -> TrainedNetwork:
    """Train in two phases, with everything that carries state."""
    return train("gradual_unfreezing", folder, 0.5, loading, phases_up_to="stage4", training=EVERYTHING | {"epochs": 6})


def pain(trained: TrainedNetwork) -> np.ndarray:
    return trained.predictions[["p_0", "p_1"]].to_numpy(np.float64)


def test_with_a_tiny_weight_pain_is_answered_as_without_units(tmp_path):
    alone, tiny, much = (
        train("full_fine_tuning", tmp_path / str(weight), weight, training=EVERYTHING) for weight in (None, 1e-9, 100.0)
    )
    np.testing.assert_allclose(pain(tiny), pain(alone), atol=1e-5)
    assert abs(pain(much) - pain(alone)).max() > 1e-3
    np.testing.assert_allclose(*(one.training.history["val_loss"] for one in (alone, tiny)), rtol=1e-4)


def test_where_the_last_layer_alone_learns_pain_is_answered_as_without_units_whatever_their_weight(tmp_path):
    training = {"epochs": 3, "patience": 2}
    alone, both = (train("last_layer", tmp_path / str(weight), weight, training=training) for weight in (None, 100.0))
    np.testing.assert_allclose(pain(both), pain(alone), atol=1e-6)
    columns = ["val_loss", "val_accuracy", "accuracy"]
    np.testing.assert_allclose(both.training.history[columns], alone.training.history[columns], rtol=1e-5)
    assert both.training.epoch == alone.training.epoch
    assert (both.training.history["loss"] > alone.training.history["loss"]).all()


def test_the_network_that_is_kept_answers_pain_alone(tmp_path):
    both = train("full_fine_tuning", tmp_path, 1.0)
    assert [layer.name for layer in both.model.layers] == [layer.name for layer in phases.tiny_network().layers]
    assert both.model.output_shape == (None, 2)
    assert both.units.model.output_shape == (None, 3)
    rows = {one.step: one.rows.tolist() for one in both.fitted}
    assert rows["output of the action units"] == list(range(6))
    np.testing.assert_array_equal(both.units.taught, (CODED[:6] / 5).astype(np.float32))


def test_units_are_learned_and_what_nobody_coded_is_not(tmp_path):
    training = {"epochs": 80, "patience": None, "optimizer": {"name": "adam", "learning_rate": 0.02}}
    both = train("full_fine_tuning", tmp_path, 1.0, training=training)
    pictures = np.repeat(phases.IMAGES[:6, ..., None], 3, axis=3).astype(np.float32) / 255
    learned, wanted = both.units.model(pictures, training=True).numpy()[:, :2], CODED[:6, :2] / 5
    means = np.nanmean(wanted, axis=0)
    assert np.nanmean(abs(learned - wanted)) < 0.6 * np.nanmean(abs(means - wanted))
    # The third began with a bias of 0, and nothing has moved it.
    assert both.units.model.get_layer("logits_units").bias.numpy()[2] == 0


def test_pictures_that_are_dropped_or_repeated_keep_their_own_units(tmp_path):
    rows = {"keep_painless": 0.34, "oversample_from": 1, "augment": "all"}
    taught = train("last_layer", tmp_path, 1.0, rows=rows).units.taught
    known = (CODED[:6] / 5).astype(np.float32)
    places = [next(place for place, row in enumerate(known) if row.tobytes() == one.tobytes()) for one in taught]
    assert sorted(place for place in places if place % 2) == [1, 3, 5]
    assert len([place for place in places if not place % 2]) == 1


def test_killed_inside_its_second_phase_a_training_ends_with_the_same_bits(tmp_path):
    whole = train_in_phases(tmp_path / "whole")
    killed = forked(KILLED.format(folder=str(tmp_path / "killed")), module=CODE)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = train_in_phases(tmp_path / "killed")
    pd.testing.assert_frame_equal(resumed.predictions, whole.predictions, check_exact=True)
    pd.testing.assert_frame_equal(*(one.training.history.drop(columns="seconds") for one in (resumed, whole)))
    for one, other in zip(resumed.units.model.weights, whole.units.model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
