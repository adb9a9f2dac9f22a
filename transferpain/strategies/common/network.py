"""An image network is trained on pictures of faces, phase by phase."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.surgery import take_weights, with_dtype
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.training.augment import augment
from transferpain.networks.training.batches import Batches, Images, image_batches, sample_weights
from transferpain.networks.training.class_weights import class_weights
from transferpain.networks.training.fit import Training, fit
from transferpain.networks.training.settings import AugmentSettings
from transferpain.networks.training.unit_loss import with_units
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import (
    EPOCH,
    ClipAnswer,
    answer_by_prior,
    answer_by_vote,
    predictions_table,
    training_prior,
)
from transferpain.strategies.common.domain import NORMALIZATION, DomainLearning, learn_domain
from transferpain.strategies.common.phases import Phase
from transferpain.strategies.common.pictures import Pictures
from transferpain.strategies.common.rows import keep_rows, oversample
from transferpain.strategies.common.settings import RowSettings
from transferpain.strategies.common.units import ShownUnits

PREDICTION_BATCH = 64
COPIES = "repeated and changed training pictures"


@dataclass(frozen=True)
class Tuning:
    """How a network is tuned: what learns when, which training rows are kept and repeated, and how it is adapted."""

    phases: tuple[Phase, ...]
    rows: RowSettings = field(default_factory=RowSettings)
    domain: DomainLearning | None = None


@dataclass(frozen=True)
class Shown:
    """What a network is shown.

    Attributes:
        samples: the labelled clips or frames: columns dataset, subject, clip, y, file_clip.
        pictures: of the samples.
        preprocessing: size and scaling of the network's input.
        units: action units that are learned beside the targets, if any are.
    """

    samples: pd.DataFrame
    pictures: Pictures
    preprocessing: Preprocessing
    units: ShownUnits | None = None


@dataclass(frozen=True)
class FittedUnits:
    """What has learned action units beside pain.

    Attributes:
        model: from pictures to a share of the scale of each unit, float32 `(batch, units)`.
        taught: the shares that were coded of each training picture, float32 `(pictures, units)`, NaN where none was.
    """

    model: keras.Model
    taught: np.ndarray


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network, in the dtype that it was trained in, and the rows that it was fitted to.

    Its history has the column `phase`.
    """

    model: keras.Model
    training: Training
    fitted: tuple[FittedRows, ...]
    units: FittedUnits | None = None


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network (float32), as `FittedNetwork`, and what it says of a fold's samples."""

    model: keras.Model
    predictions: pd.DataFrame
    training: Training
    fitted: tuple[FittedRows, ...]
    units: FittedUnits | None = None


def train_network(
    experiment: Recipe,
    tuning: Tuning,
    start: keras.Model,
    shown: Shown,
    fold_and_seed: tuple[Fold, int],
    folder: Path,
) -> TrainedNetwork:
    """Train a network on one fold with one seed, and predict the fold's test and selection samples.

    Arguments are those of `fit_network`.
    """
    fold, seed = fold_and_seed
    samples, pictures, preprocessing = shown.samples, shown.pictures, shown.preprocessing
    found = fit_network(experiment, tuning, start, shown, fold_and_seed, folder)
    prior = training_prior(samples["y"].iloc[fold.train].to_numpy(dtype=np.int64), pictures.targets.shape[1])
    tables = {}
    for part, rows in (("test", fold.test), ("selection", fold.selection)):
        answers = predict_samples(found.model, preprocessing, pictures, rows, prior)
        tables[part] = predictions_table(samples.iloc[rows], answers, fold.name, seed, part)
    if tuning.rows.drop:
        # The same rows for every seed: what differs between seeds is the training.
        selected = samples["clip"].iloc[keep_rows(samples, fold.test, tuning.rows, ("tested", fold.name))]
        tables = {part: table.assign(selected=table["clip"].isin(selected)) for part, table in tables.items()}
    predictions = pd.concat(tables.values(), ignore_index=True)
    model = with_dtype(found.model, "float32")
    return TrainedNetwork(model, predictions, found.training, found.fitted, found.units)


def fit_network(
    experiment: Recipe,
    tuning: Tuning,
    start: keras.Model,
    shown: Shown,
    fold_and_seed: tuple[Fold, int],
    folder: Path,
) -> FittedNetwork:
    """Train a network on one fold with one seed.

    Args:
        start: the network to start from, float32, with the task's outputs.
        folder: holds a checkpoint per phase; those of finished phases stay until the caller removes them.
    """
    fold, seed = fold_and_seed
    phases, pictures, preprocessing = tuning.phases, shown.pictures, shown.preprocessing
    training, learned = training_images(experiment, tuning.rows, shown, fold.train, (seed, fold.name))
    selection, chosen_by = selection_images(pictures, fold.selection)
    kept_network = with_dtype(start, training_dtype(experiment.training.dtype), experiment.training.kernel_l2)
    model = network = BACKBONES[experiment.backbone].for_training(kept_network)
    adapted = learn_domain(tuning.domain, network, pictures, fold, seed)
    units = None
    if shown.units is not None:
        both = with_units(network, shown.units.layer, training.beside, shown.units.weight, seed)
        model, units = both.training, FittedUnits(both.units, training.beside)
        selection = replace(selection, beside=shown.units.nothing(len(selection.targets)))
    histories, epochs = [], 0
    for phase in phases:
        own = [] if len(phases) == 1 else [phase.name]
        seed_parts = (seed, fold.name, *own)
        choose_layers(model, phase)
        learner, batches = model, batches_of(experiment, preprocessing, training, seed_parts)
        if adapted is not None:
            others = batches_of(experiment, preprocessing, adapted.images, (*seed_parts, "target"))
            learner, batches = adapted.beside(model, batches, others, phase.training)
        trained = fit(
            learner,
            batches,
            batches_of(experiment, preprocessing, selection, None),
            phase.training,
            folder / f"{'-'.join(['checkpoint', *own])}.npz",
            seed_parts,
            label=" ".join([experiment.name, fold.name, f"seed {seed}", *own]),
        )
        kept = epochs + trained.epoch
        histories.append(trained.history.assign(phase=phase.name, epoch=trained.history["epoch"] + epochs))
        epochs += len(trained.history)
    history = pd.concat(histories, ignore_index=True)
    fitted = fitted_rows(experiment, tuning, learned, fold)
    fitted = (*fitted, FittedRows(EPOCH, chosen_by, use="selection"))
    if adapted is not None:
        fitted = (*fitted, *adapted.fitted(learned, {one.step for one in fitted}))
    if units is not None:
        fitted = (*fitted, FittedRows("output of the action units", learned))
    if network is not kept_network:  # what serves training alone is left behind
        take_weights(kept_network, network)
    return FittedNetwork(kept_network, Training(history, kept), fitted, units)


def fitted_rows(experiment: Recipe, tuning: Tuning, learned: np.ndarray, fold: Fold) -> tuple[FittedRows, ...]:
    """Return what a training has fitted, and to which rows.

    Args:
        learned: positions of the samples whose pictures were trained on.
    """
    fitted = [FittedRows("weights of the network", learned), FittedRows("prior for clips without a face", fold.train)]
    if experiment.training.class_weights:
        fitted.append(FittedRows("class weights", learned))
    if BACKBONES[experiment.backbone].normalizes and any(not phase.is_last_layer for phase in tuning.phases):
        fitted.append(FittedRows(NORMALIZATION, learned))
    if tuning.rows.oversample_from is not None or experiment.training.augment != AugmentSettings():
        fitted.append(FittedRows(COPIES, learned, use="copies"))
    return tuple(fitted)


def choose_layers(model: keras.Model, phase: Phase) -> None:
    """Let the layers of a phase learn and freeze all others.

    Keras runs a frozen batch normalisation in inference mode, so that its moving statistics stay as well.
    """
    for layer in model.layers:
        layer.trainable = phase.trains(layer.name)


def training_images(
    experiment: Recipe, rows: RowSettings, shown: Shown, train: np.ndarray, seed: tuple[int | str, ...]
) -> tuple[Images, np.ndarray]:
    """Return the pictures that a fold trains on, after rows were dropped and repeated, and the samples that they show.

    Args:
        rows: which are kept and repeated.
        train: positions into `samples`; no other row is looked at.
        seed: parts of the seed of the rows that are kept.

    Raises:
        UserError: if no picture is left.
    """
    pictures = shown.pictures
    kept = keep_rows(shown.samples, train, rows, seed)
    load, sample = pictures.rows_of(kept)
    if not len(sample):
        raise UserError(
            "There is no picture to train on.",
            rule="A training row must be left after `rows`, and show a face.",
            received=f"{len(train)} training rows in {seed[1]}, rows {rows.model_dump()}",
            todo="Keep more rows, or check the faces with `transferpain faces`.",
        )
    y = pictures.targets[sample].argmax(axis=1)
    chosen = np.arange(len(sample))
    if rows.oversample_from is not None:
        chosen = oversample(y, rows.oversample_from, seed)
    changed = y[chosen] >= rows.oversample_from if rows.augment == "oversampled" else None
    targets = pictures.targets[sample[chosen]]
    weights = class_weights(y[chosen], targets.shape[1]) if experiment.training.class_weights else None
    beside = None
    if shown.units is not None:
        places = np.zeros_like(sample) if pictures.places_of is None else pictures.places_of(kept)
        beside = shown.units.shares(sample[chosen], places[chosen])
    images = Images(lambda batch: load(chosen[batch]), targets, sample_weights(targets, weights), changed, beside)
    return images, np.unique(sample)


def selection_images(pictures: Pictures, selection: np.ndarray) -> tuple[Images, np.ndarray]:
    """Return the pictures that training stops on, as they are: all those of a fold's selection samples, and which have
    one.
    """
    load, sample = pictures.rows_of(selection)
    targets = pictures.targets[sample]
    return Images(load, targets, sample_weights(targets, None)), np.unique(sample)


def batches_of(
    experiment: Recipe, preprocessing: Preprocessing, images: Images, shuffle: tuple[int | str, ...] | None
) -> Batches:
    """Make batches of pictures as the network reads them; `shuffle` of `None` means selection."""
    settings = experiment.training

    def prepare(pixels: np.ndarray) -> np.ndarray:
        return scale_pixels(pixels.astype(np.float32), preprocessing.scaling)

    return image_batches(
        images, prepare, preprocessing.size, settings.batch, settings.augment, settings.label_mode, shuffle
    )


def training_dtype(requested: str) -> str:
    """Return the dtype policy to train under: `auto` takes mixed bfloat16 where the processor or GPU has it."""
    if requested != "auto":
        return requested
    dtype, _ = choose_compute_dtype("auto")
    return "mixed_bfloat16" if dtype == "bfloat16" else "float32"


def predict_samples(
    model: keras.Model, preprocessing: Preprocessing, pictures: Pictures, positions: np.ndarray, prior: np.ndarray
) -> list[ClipAnswer]:
    """Predict samples in their order: single pictures as they are, several frames of a clip by majority vote."""
    answers: list[ClipAnswer] = []
    pending: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def answer() -> None:
        images = [images for _, found, images in pending if found.any()]
        probabilities = predict_images(model, preprocessing, np.concatenate(images)) if images else np.empty((0, 1))
        ends = np.cumsum([found.sum() for _, found, _ in pending])
        for (frames, found, _), part in zip(pending, np.split(probabilities, ends[:-1]), strict=True):
            votes = answer_by_vote(frames[found], found, part, prior) if found.any() else answer_by_prior(prior)
            answers.append(votes)
        pending.clear()

    for position in positions:
        pending.append(pictures.tested(position))
        if sum(found.sum() for _, found, _ in pending) >= PREDICTION_BATCH:
            answer()
    if pending:
        answer()
    return answers


def predict_images(model: keras.Model, preprocessing: Preprocessing, images: np.ndarray) -> np.ndarray:
    """Return probabilities, float32 `(images, classes)`, in batches of one shape, so that one graph serves all."""
    random = np.random.default_rng(0)  # nothing is drawn: these settings change no picture
    resized = augment(images, preprocessing.size, AugmentSettings(), random)
    if resized.ndim == 3:
        resized = np.repeat(resized[..., None], 3, axis=3)
    outputs = []
    for begin in range(0, len(resized), PREDICTION_BATCH):
        batch = scale_pixels(resized[begin : begin + PREDICTION_BATCH].astype(np.float32), preprocessing.scaling)
        outputs.append(model.predict_on_batch(batch))
    return np.concatenate(outputs)
