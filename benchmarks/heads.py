"""Training a head from the cache of features against the same training from arrays in memory."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from benchmarks.data import CLASSES, DIMENSION, FEATURE_RATE, head_experiment, random_features
from benchmarks.measure import Figure, in_turn, main, speed_ratio
from transferpain.experiments.schema import Experiment
from transferpain.networks.heads.ann import build_ann
from transferpain.networks.heads.base import HeadTraining
from transferpain.networks.heads.keras_head import batches_of
from transferpain.networks.heads.lstm import build_lstm
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.batches import Batches, array_batches
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import build_optimizer, fit
from transferpain.strategies.common.feature_rows import ROWS, windows_of


class Sizes(NamedTuple):
    clips: dict[str, int]
    frames: int
    epochs: int
    repetitions: int


FULL = Sizes({"ann": 30, "lstm": 64}, 300, epochs=2, repetitions=5)
QUICK = Sizes({"ann": 6, "lstm": 6}, 30, epochs=1, repetitions=1)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    make_deterministic()
    figures, seconds = [], {}
    for kind, number in sizes.clips.items():
        seconds[kind] = time_training(folder / kind, kind, number, sizes)
        for other, least in (("arrays", 0.95), ("plain Keras", None)):
            what = f"{kind.upper()} from the cache v {other}"
            figures.append(Figure(what, speed_ratio(seconds[kind], "cache", other), least=least))
        if kind == "ann":
            times = 1 / speed_ratio(seconds[kind], "cache", "as before")
            what = "ANN: time, as a share of that with Keras' Adadelta and a call for each batch"
            figures.append(Figure(what, times, most=0.6))
    return {"figures": figures, "seconds": seconds, "sizes": sizes._asdict()}


def time_training(folder: Path, kind: str, number: int, sizes: Sizes) -> dict[str, list[float]]:
    """Time the training of one head from the cache, from arrays, and by `model.fit` alone on the same arrays."""
    experiment = head_experiment(kind, FEATURE_RATE, sizes.frames / FEATURE_RATE, sizes.epochs)
    clips = random_features(folder, number, sizes.frames)
    weights = np.ones(CLASSES)
    training = HeadTraining(
        classes=CLASSES,
        dimension=DIMENSION,
        frames=experiment.window_frames,
        settings=experiment.training,
        seed=(0, "fold"),
        checkpoint=folder / "checkpoint.npz",
        label=kind,
    )

    def read(shuffle: tuple[int | str, ...] | None) -> Batches:
        data = windows_of(experiment, clips, "first")
        return batches_of(ROWS[HEADS[kind].reads](experiment, data, weights), training, shuffle)

    whole = read(None)
    inputs, targets, row_weights = map(np.concatenate, zip(*whole.of(0), strict=True))

    def from_cache():
        train(experiment, training, read(training.seed), whole)

    def from_arrays():
        batches, selection = (
            replace(
                array_batches(inputs, targets, row_weights, experiment.training.batch, shuffle), together=whole.together
            )
            for shuffle in ((0, "fold"), None)
        )
        train(experiment, training, batches, selection)

    def as_before():
        batches, selection = (replace(read(seed), together=1) for seed in (training.seed, None))
        model = build(experiment)
        model.compile(
            keras.optimizers.Adadelta(experiment.training.optimizer.learning_rate),
            keras.losses.CategoricalCrossentropy(),
            metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
            jit_compile=False,
        )
        model.optimizer.build(model.trainable_variables)
        fit(model, batches, selection, experiment.training, training.checkpoint, training.seed)
        training.checkpoint.unlink()

    def plain_keras():
        model = build(experiment)
        optimizer = build_optimizer(experiment.training, whole.steps)
        model.compile(optimizer, keras.losses.CategoricalCrossentropy(), metrics=["accuracy"], jit_compile=False)
        model.fit(
            inputs,
            targets,
            experiment.training.batch,
            sizes.epochs,
            sample_weight=row_weights,
            validation_data=(inputs, targets),
            verbose=0,
        )

    contestants = {"cache": from_cache, "arrays": from_arrays, "plain Keras": plain_keras}
    if kind == "ann":
        contestants["as before"] = as_before
    if sizes.repetitions > 1:
        in_turn(contestants, 1)  # the first use of every operation is nobody's time
    return in_turn(contestants, sizes.repetitions)


def train(experiment: Experiment, head: HeadTraining, training: Batches, validation: Batches) -> None:
    """Train a new head as a run does, checkpoints included."""
    fit(build(experiment), training, validation, experiment.training, head.checkpoint, head.seed)
    head.checkpoint.unlink()


def build(experiment: Experiment) -> keras.Model:
    """Build the experiment's head."""
    if experiment.head.kind == "ann":
        return build_ann(DIMENSION, CLASSES, 0, experiment.head.hidden, experiment.head.dropout)
    return build_lstm(experiment.window_frames, DIMENSION, CLASSES, 0, masked=True)


if __name__ == "__main__":
    main("heads", measure)
