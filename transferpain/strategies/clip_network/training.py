"""A clip network is trained on the windows of a fold, and answers once for each clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.clips.registry import CLIP_NETWORKS
from transferpain.networks.outputs.registry import ending_in
from transferpain.networks.training.batches import Batches, one_hot, sample_weights
from transferpain.networks.training.class_weights import class_weights
from transferpain.networks.training.fit import fit
from transferpain.networks.training.settings import AugmentSettings
from transferpain.strategies.base import Recipe
from transferpain.strategies.clip_network.rows import Rows, rows_of
from transferpain.strategies.clip_network.windows import Window
from transferpain.strategies.common.answers import (
    EPOCH,
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    predictions_table,
    training_prior,
)
from transferpain.strategies.common.network import COPIES, training_dtype
from transferpain.strategies.common.row_batches import row_batches

PHASE = "whole"


@dataclass(frozen=True)
class Recordings:
    """What is trained and tested on.

    Attributes:
        samples: the labelled clips: columns dataset, subject, clip, y.
        trained: the windows of each, in their order, that training takes.
        answered: the one window of each that is answered; none of a clip that cannot be used.
        classes: how many there are.
        preprocessing: side of the pictures, and how their pixels are scaled.
    """

    samples: pd.DataFrame
    trained: Sequence[tuple[Window, ...]]
    answered: Sequence[tuple[Window, ...]]
    classes: int
    preprocessing: Preprocessing

    def rows(self, positions: np.ndarray, training: bool, order: str) -> Rows:
        """Return the windows with a face of some samples."""
        windows = self.trained if training else self.answered
        return rows_of(windows, self.samples["clip"].tolist(), positions, order, self.preprocessing)

    def targets(self, rows: Rows) -> np.ndarray:
        """Return the classes of rows, float32 `(rows, classes)`."""
        return one_hot(self.samples["y"].iloc[rows.sample].to_numpy(dtype=np.int64), self.classes)


def train_clip_network(
    experiment: Recipe, data: Recordings, fold_and_seed: tuple[Fold, int], folder: Path
) -> FoldResult:
    """Train a clip network on one fold with one seed, and predict the fold's clips.

    Args:
        fold_and_seed: positions into `data.samples`, and what every draw depends on.
        folder: holds the checkpoint.

    Raises:
        UserError: if no clip to train or to select on shows a face.
    """
    (fold, seed), settings, training = fold_and_seed, experiment.network, experiment.training
    network = CLIP_NETWORKS[settings.kind]
    start = network.build(settings, data.preprocessing.size, data.classes, seed)
    start = ending_in(start, training.loss, data.classes, seed)
    model = with_dtype(start, training_dtype(training.dtype), training.kernel_l2)
    learned = data.rows(fold.train, training=True, order=settings.order)
    chosen_by = data.rows(fold.selection, training=False, order=settings.order)
    for rows, purpose, positions in ((learned, "train", fold.train), (chosen_by, "select", fold.selection)):
        check_any(rows, purpose, positions)
    trained = fit(
        model,
        batches(experiment, data, learned, (seed, fold.name)),
        batches(experiment, data, chosen_by, None),
        training,
        folder / "checkpoint.npz",
        (seed, fold.name),
        label=f"{experiment.name} {fold.name} seed {seed}",
    )
    tables = []
    for part, positions in (("test", fold.test), ("selection", fold.selection)):
        answers = answer_clips(experiment, model, data, fold, positions)
        tables.append(predictions_table(data.samples.iloc[positions], answers, fold.name, seed, part))
    return FoldResult(
        predictions=pd.concat(tables, ignore_index=True),
        history=trained.history.assign(phase=PHASE),
        model=with_dtype(model, "float32"),
        fitted=fitted_rows(experiment, fold, np.unique(learned.sample), np.unique(chosen_by.sample)),
        facts={"backbone": network.name, "clip_network": {"title": network.title, **settings.model_dump(mode="json")}},
    )


def check_any(rows: Rows, purpose: str, positions: np.ndarray) -> None:
    """Refuse to train or to select on nothing. Raises `UserError`."""
    if not len(rows):
        raise UserError(
            f"There is no clip to {purpose} on.",
            rule="One at least shows a face in the stretch that is read of it.",
            received=f"{len(positions)} clips, none with a face there",
            todo="Check the faces with `transferpain faces`.",
        )


def batches(experiment: Recipe, data: Recordings, rows: Rows, shuffle: tuple[int | str, ...] | None) -> Batches:
    """Return the batches of rows; `shuffle` of `None` means validation, whose loss is not weighted by class."""
    targets, weights = data.targets(rows), None
    if shuffle is not None and experiment.training.class_weights:
        weights = class_weights(targets.argmax(axis=1), data.classes)
    return row_batches(rows, targets, sample_weights(targets, weights), experiment.training, shuffle)


def fitted_rows(experiment: Recipe, fold: Fold, learned: np.ndarray, chosen_by: np.ndarray) -> tuple[FittedRows, ...]:
    """Return what is fitted on a fold, and to which rows: to the clips that show a face."""
    fitted = [FittedRows("weights of the network", learned), FittedRows("prior for clips without a face", fold.train)]
    if experiment.training.class_weights:
        fitted.append(FittedRows("class weights", learned))
    if CLIP_NETWORKS[experiment.network.kind].normalizes:
        fitted.append(FittedRows("batch normalisation", learned))
    if experiment.training.augment != AugmentSettings():
        fitted.append(FittedRows(COPIES, learned, use="copies"))
    return (*fitted, FittedRows(EPOCH, chosen_by, use="selection"))


def answer_clips(
    experiment: Recipe, model: keras.Model, data: Recordings, fold: Fold, positions: np.ndarray
) -> list[ClipAnswer]:
    """Predict clips in their order, each by its one window; one that shows no face there gets the training prior."""
    prior = training_prior(data.samples["y"].iloc[fold.train].to_numpy(dtype=np.int64), data.classes)
    rows = data.rows(positions, training=False, order=experiment.network.order)
    numbers, size = np.arange(len(rows)), experiment.training.batch
    said = [model.predict_on_batch(rows.load(numbers[at : at + size])) for at in range(0, len(rows), size)]
    probabilities = dict(zip(rows.sample.tolist(), np.concatenate(said) if said else (), strict=True))
    return [
        answer_by_sequence(probabilities[position], data.answered[position][0].coverage)
        if position in probabilities
        else answer_by_prior(prior)
        for position in positions.tolist()
    ]
