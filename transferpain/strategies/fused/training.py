"""Pictures and landmarks of a clip, each branch trained alone and then both (El-Ghaish)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.training.batches import Batches, one_hot, sample_weights
from transferpain.networks.training.class_weights import class_weights
from transferpain.networks.training.fit import Training, fit
from transferpain.networks.training.settings import AugmentSettings
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import (
    EPOCH,
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    answer_by_vote,
    predictions_table,
    training_prior,
)
from transferpain.strategies.common.network import COPIES, PREDICTION_BATCH, choose_layers, training_dtype
from transferpain.strategies.common.phases import Phase
from transferpain.strategies.common.row_batches import row_batches
from transferpain.strategies.fused.adaboost import adaboost_probabilities, fit_adaboost
from transferpain.strategies.fused.batches import Rows, select_rows
from transferpain.strategies.fused.inputs import Clip
from transferpain.strategies.fused.network import build_fusion, build_image_branch, build_landmark_branch, take_branch
from transferpain.strategies.fused.phases import WHOLE, fusion_phases
from transferpain.strategies.fused.settings import AdaBoostHead

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


def train_fused(
    experiment: Recipe, vgg16: keras.Model, data: Recordings, fold_and_seed: tuple[Fold, int], folder: Path
) -> FoldResult:
    """Train the fused network, or one of its branches, on one fold with one seed, and predict the fold's clips.

    Args:
        vgg16: the source, float32, for pictures of `data.preprocessing.size`; its convolutions are taken.
        fold_and_seed: positions into `data.samples`, and what every draw depends on.
        folder: holds one checkpoint per phase; those of finished phases stay until the caller removes them.

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
        histories.append(trained.history.assign(phase=phase.name, epoch=trained.history["epoch"] + epochs))
        epochs += len(trained.history)
    model = build_network(experiment, vgg16, branches, data.classes, seed)
    model.set_weights(networks[branches].get_weights())
    parts = {}
    if isinstance(experiment.head, AdaBoostHead):
        parts[ADABOOST] = boost(experiment, networks[branches], data, fold.selection, (seed, fold.name))
    tables = []
    for part, positions in (("test", fold.test), ("selection", fold.selection)):
        answers = answer_clips(experiment, networks[branches], parts, data, fold, positions)
        tables.append(predictions_table(data.samples.iloc[positions], answers, fold.name, seed, part))
    return FoldResult(
        predictions=pd.concat(tables, ignore_index=True),
        history=pd.concat(histories, ignore_index=True),
        model=model,
        parts=parts,
        fitted=fitted_rows(experiment, data, fold),
        facts={"fusion": experiment.fusion.model_dump(), "landmarks": experiment.landmarks.model_dump()},
    )


def fitted_rows(experiment: Recipe, data: Recordings, fold: Fold) -> tuple[FittedRows, ...]:
    """Return what is fitted on a fold, and to which rows: to the clips that show a face."""

    def shown(positions: np.ndarray) -> np.ndarray:
        rows = select_rows(data.clips, positions, experiment.fusion.branches, experiment.fusion, data.preprocessing)
        return np.unique(rows.clip)

    learned = shown(fold.train)
    fitted = [FittedRows("weights of the network", learned), FittedRows("prior for clips without a face", fold.train)]
    if experiment.training.class_weights:
        fitted.append(FittedRows("class weights", learned))
    fitted.append(FittedRows("batch normalisation", learned))
    if isinstance(experiment.head, AdaBoostHead):
        fitted.append(FittedRows("AdaBoost on the embedding", shown(fold.selection)))
    if experiment.training.augment != AugmentSettings():
        fitted.append(FittedRows(COPIES, learned, use="copies"))
    fitted.append(FittedRows(EPOCH, shown(fold.selection), use="selection"))
    return tuple(fitted)


def build_network(experiment: Recipe, vgg16: keras.Model, branches: str, classes: int, seed: int) -> keras.Model:
    """Build the network of `both` branches, or of `images` or `landmarks` alone.

    VGG16's convolutions keep their dtype policy; all that stands on them computes in float32, which is little.
    """
    if branches == "images":
        return build_image_branch(vgg16, experiment.fusion, classes, seed)
    if branches == "landmarks":
        return build_landmark_branch(experiment.fusion, classes, seed)
    return build_fusion(vgg16, experiment.fusion, classes, seed)


def train_phase(
    experiment: Recipe,
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
        return row_batches(rows, targets, sample_weights(targets, weights), phase.training, shuffle)

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


def labelled_rows(experiment: Recipe, data: Recordings, positions: np.ndarray, reads: str) -> tuple[Rows, np.ndarray]:
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
    experiment: Recipe, model: keras.Model, data: Recordings, selection: np.ndarray, seed: tuple[int | str, ...]
) -> Any:
    """Fit AdaBoost to the embeddings of the clips that were set aside for selection.

    The network did not learn from them: embeddings of what it learned from look easier than those of new people. One
    network for each half of the training subjects would give more rows, but each has axes of its own (our choice).
    """
    rows, targets = labelled_rows(experiment, data, selection, experiment.fusion.branches)
    y = targets.argmax(axis=1)
    weights = class_weights(y, data.classes) if experiment.training.class_weights else None
    embedding = run_rows(embedding_network(model), rows)
    return fit_adaboost(embedding, y, sample_weights(targets, weights), experiment.head, derive_seed(*seed, ADABOOST))


def embedding_network(model: keras.Model) -> keras.Model:
    """Return the fused network up to its embedding, float32 `(batch, 128)`."""
    return keras.Model(model.inputs, model.get_layer("embedding").output)


def run_rows(model: keras.Model, rows: Rows) -> np.ndarray:
    """Return what a network says of rows, `(rows, outputs)`."""
    starts = range(0, len(rows), PREDICTION_BATCH)
    numbers = np.arange(len(rows))
    return np.concatenate([model.predict_on_batch(rows.load(numbers[at : at + PREDICTION_BATCH])) for at in starts])


def answer_clips(
    experiment: Recipe,
    model: keras.Model,
    parts: dict[str, Any],
    data: Recordings,
    fold: Fold,
    positions: np.ndarray,
) -> list[ClipAnswer]:
    """Predict clips in their order: by the vote of their frames, or as a whole where the network reads it.

    Args:
        positions: of the clips, int64.
    """
    settings = experiment.fusion
    prior = training_prior(data.samples["y"].iloc[fold.train].to_numpy(dtype=np.int64), data.classes)
    rows = select_rows(data.clips, positions, settings.branches, settings, data.preprocessing)
    probabilities = predictor(model, parts, data.classes)(rows) if len(rows) else np.empty((0, data.classes))
    answers = []
    for position in positions:
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
    below = embedding_network(model)
    return lambda rows: adaboost_probabilities(parts[ADABOOST], run_rows(below, rows), classes)
