"""The strategy `fused`: pictures and landmarks of a clip, each branch trained alone and then both (El-Ghaish)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.training.batches import Batches, one_hot, sample_weights
from transferpain.networks.training.class_weights import class_weights
from transferpain.networks.training.fit import Training, fit
from transferpain.strategies.common.answers import (
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    answer_by_vote,
    predictions_table,
    training_prior,
)
from transferpain.strategies.common.network import PREDICTION_BATCH, choose_layers, training_dtype
from transferpain.strategies.common.phases import Phase
from transferpain.strategies.fused.adaboost import adaboost_probabilities, fit_adaboost
from transferpain.strategies.fused.batches import Rows, fused_batches, select_rows
from transferpain.strategies.fused.inputs import Clip
from transferpain.strategies.fused.network import build_fusion, build_image_branch, build_landmark_branch, take_branch
from transferpain.strategies.fused.phases import WHOLE, fusion_phases

ADABOOST = "adaboost"  # the name of the part in a bundle


@dataclass(frozen=True)
class Recordings:
    """What is trained and tested on.

    Attributes:
        samples: the labelled clips: columns dataset, subject, clip, y.
        clips: what was read of each, in their order.
        classes: how many there are.
        preprocessing: side of the pictures, and how their pixels are scaled.
    """

    samples: pd.DataFrame
    clips: Sequence[Clip]
    classes: int
    preprocessing: Preprocessing


@dataclass(frozen=True)
class TrainedFusion:
    """A trained network (float32) and what it says of the tested clips; its history has the column `phase`.

    Attributes:
        parts: name -> a model of scikit-learn that answers in place of the network's softmax.
    """

    model: keras.Model
    predictions: pd.DataFrame
    training: Training
    parts: dict[str, Any] = field(default_factory=dict)


def train_fused(
    experiment: Experiment, vgg16: keras.Model, data: Recordings, fold_and_seed: tuple[Fold, int], folder: Path
) -> TrainedFusion:
    """Train the fused network, or one of its branches, on one fold with one seed, and predict the fold's test clips.

    Args:
        vgg16: the source, float32, for pictures of `data.preprocessing.size`; its convolutions are taken.
        fold_and_seed: positions into `data.samples`, and what every draw depends on.
        folder: holds a checkpoint a phase; those of finished phases stay until the caller removes them.

    Raises:
        UserError: if no clip to train or to select on shows a face.
    """
    fold, seed = fold_and_seed
    branches = experiment.fusion.branches
    computing = with_dtype(vgg16, training_dtype(experiment.training.dtype))
    networks: dict[str, keras.Model] = {}
    histories, epochs = [], 0
    for phase in fusion_phases(branches, experiment.training, experiment.phases):
        reads = branches if phase.name == WHOLE else phase.name
        if reads not in networks:
            network = build_network(experiment, computing, reads, data.classes, seed)
            if reads == "both":
                for branch in networks.values():
                    take_branch(network, branch)
            networks[reads] = network
        trained = train_phase(experiment, networks[reads], phase, reads, data, fold_and_seed, folder)
        kept = epochs + trained.epoch
        histories.append(trained.history.assign(phase=phase.name, epoch=trained.history["epoch"] + epochs))
        epochs += len(trained.history)
    model = build_network(experiment, vgg16, branches, data.classes, seed)
    model.set_weights(networks[branches].get_weights())
    parts = {}
    if experiment.head.kind == "adaboost":
        parts[ADABOOST] = boost(experiment, networks[branches], data, fold.selection, (seed, fold.name))
    answers = answer_clips(experiment, networks[branches], parts, data, fold_and_seed)
    predictions = predictions_table(data.samples.iloc[fold.test], answers, fold.name, seed, "test")
    return TrainedFusion(model, predictions, Training(pd.concat(histories, ignore_index=True), kept), parts)


def build_network(experiment: Experiment, vgg16: keras.Model, branches: str, classes: int, seed: int) -> keras.Model:
    """Build the network of `both` branches, or of `images` or `landmarks` alone.

    VGG16's convolutions keep their dtype policy; all that stands on them computes in float32, which is little.
    """
    if branches == "images":
        return build_image_branch(vgg16, experiment.fusion, classes, seed)
    if branches == "landmarks":
        return build_landmark_branch(experiment.fusion, classes, seed)
    return build_fusion(vgg16, experiment.fusion, classes, seed)


def train_phase(
    experiment: Experiment,
    model: keras.Model,
    phase: Phase,
    reads: str,
    data: Recordings,
    fold_and_seed: tuple[Fold, int],
    folder: Path,
) -> Training:
    """Train the layers of a phase, and leave all others as they are."""
    fold, seed = fold_and_seed
    seed_parts = (seed, fold.name, phase.name)

    def batches_of(positions: np.ndarray, shuffle: tuple[int | str, ...] | None) -> Batches:
        rows, targets = labelled_rows(experiment, data, positions, reads)
        weights = None
        if shuffle is not None and experiment.training.class_weights:
            weights = class_weights(targets.argmax(axis=1), data.classes)
        return fused_batches(rows, targets, sample_weights(targets, weights), phase.training, shuffle)

    choose_layers(model, phase)
    return fit(
        model,
        batches_of(fold.train, seed_parts),
        batches_of(fold.selection, None),
        phase.training,
        folder / f"checkpoint-{phase.name}.npz",
        seed_parts,
        label=f"{experiment.name} {fold.name} seed {seed} {phase.name}",
    )


def labelled_rows(
    experiment: Experiment, data: Recordings, positions: np.ndarray, reads: str
) -> tuple[Rows, np.ndarray]:
    """Return the rows of labelled clips as a network reads them, and their targets, float32 `(rows, classes)`.

    Raises:
        UserError: if none of the clips shows a face.
    """
    rows = select_rows(data.clips, positions, reads, experiment.fusion, data.preprocessing)
    if not len(rows):
        raise UserError(
            "There is no clip to train or to select on.",
            rule="One at least has a frame with a face and landmarks.",
            received=f"{len(positions)} clips, none with such a frame",
            todo="Check the faces with `transferpain faces`, or lower landmarks.detection_confidence.",
        )
    return rows, one_hot(data.samples["y"].iloc[rows.clip].to_numpy(dtype=np.int64), data.classes)


def boost(
    experiment: Experiment, model: keras.Model, data: Recordings, selection: np.ndarray, seed: tuple[int | str, ...]
) -> Any:
    """Fit AdaBoost to the embeddings of the clips that were set aside for selection.

    The network did not learn from them: embeddings of what it learned from look easier than those of new people. One
    network for each half of the training subjects would give more rows, but each has axes of its own (our choice).
    """
    rows, targets = labelled_rows(experiment, data, selection, experiment.fusion.branches)
    y = targets.argmax(axis=1)
    weights = class_weights(y, data.classes) if experiment.training.class_weights else None
    embedding = run_rows(embedder(model), rows)
    return fit_adaboost(embedding, y, sample_weights(targets, weights), experiment.head, derive_seed(*seed, ADABOOST))


def embedder(model: keras.Model) -> keras.Model:
    """Return the fused network up to its embedding, float32 `(batch, 128)`."""
    return keras.Model(model.inputs, model.get_layer("embedding").output)


def run_rows(model: keras.Model, rows: Rows) -> np.ndarray:
    """Return what a network says of rows, `(rows, outputs)`."""
    starts = range(0, len(rows), PREDICTION_BATCH)
    numbers = np.arange(len(rows))
    return np.concatenate([model.predict_on_batch(rows.load(numbers[at : at + PREDICTION_BATCH])) for at in starts])


def answer_clips(
    experiment: Experiment, model: keras.Model, parts: dict[str, Any], data: Recordings, fold_and_seed: tuple
) -> list[ClipAnswer]:
    """Predict the test clips in their order: by the vote of their frames, or as a whole where the network reads it."""
    fold, _ = fold_and_seed
    settings = experiment.fusion
    prior = training_prior(data.samples["y"].iloc[fold.train].to_numpy(dtype=np.int64), data.classes)
    rows = select_rows(data.clips, fold.test, settings.branches, settings, data.preprocessing)
    probabilities = predictor(model, parts, data.classes)(rows) if len(rows) else np.empty((0, data.classes))
    answers = []
    for position in fold.test:
        clip, said = data.clips[position], probabilities[rows.clip == position]
        if not len(said):
            answers.append(answer_by_prior(prior))
        elif settings.reads_whole_clips(settings.branches):
            answers.append(answer_by_sequence(said[0], clip.coverage))
        else:
            answers.append(answer_by_vote(clip.frames[clip.found], clip.found, said, prior))
    return answers


def predictor(model: keras.Model, parts: dict[str, Any], classes: int) -> Callable[[Rows], np.ndarray]:
    """Return what gives the probabilities of rows: the network, or AdaBoost on its embedding."""
    if ADABOOST not in parts:
        return lambda rows: run_rows(model, rows)
    below = embedder(model)
    return lambda rows: adaboost_probabilities(parts[ADABOOST], run_rows(below, rows), classes)
