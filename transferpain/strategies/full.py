"""The strategy `full`: every weight of an image network is trained, on face crops or on pictures of faces."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from transferpain.experiment import Experiment, ImageSettings
from transferpain.faces.cache import read_faces
from transferpain.faces.crop import decode_jpeg
from transferpain.features.compute import choose_compute_dtype
from transferpain.heads.weights import class_weights
from transferpain.protocols import Fold
from transferpain.sources.backbones import with_dtype
from transferpain.sources.preprocessing import Preprocessing, scale_pixels
from transferpain.strategies.predictions import (
    ClipAnswer,
    answer_by_prior,
    answer_by_vote,
    predictions_table,
    training_prior,
)
from transferpain.training.augment import augment
from transferpain.training.batches import Images, image_batches, sample_weights
from transferpain.training.fit import Training, fit
from transferpain.training.settings import AugmentSettings

PREDICTION_BATCH = 64


@dataclass(frozen=True)
class Pictures:
    """The pictures that a fold trains on, and those of each tested clip.

    Attributes:
        rows_of: takes clip positions; returns the training pictures' `load` and the clip position of each.
        tested: takes a clip position; returns frame numbers `(frames,)`, bool `(frames,)` whether a face was
            found, and the found pictures, uint8 `(found, side, side)` or `(found, side, side, 3)`.
        targets: float32 `(clips, classes)`, as the loss takes them; a row of zeros where unlabelled.
    """

    rows_of: Callable[[np.ndarray], tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]]
    tested: Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray]]
    targets: np.ndarray


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network (float32) and what it says of the tested clips."""

    model: keras.Model
    predictions: pd.DataFrame
    training: Training


def video_pictures(faces: pd.DataFrame, settings: ImageSettings, targets: np.ndarray) -> Pictures:
    """Take pictures from the faces of videos: from `first_frame` on, every `every`-th in training.

    Args:
        faces: the table of `compute_faces`, a row a clip.
        targets: float32 `(clips, classes)`.
    """

    def chosen(position: int, step: int) -> tuple[np.ndarray, np.ndarray, list[bytes]]:
        row = faces.iloc[position]
        if row["problem"]:
            return np.empty(0, np.int64), np.empty(0, bool), []
        clip = read_faces(Path(row["faces"]))
        frames = np.arange(settings.first_frame, clip.num_frames, step)
        found = clip.found[frames]
        jpegs, place = clip.jpegs(), np.cumsum(clip.found) - 1
        return frames, found, [jpegs[place[frame]] for frame in frames[found]]

    def rows_of(positions: np.ndarray):
        jpegs, clip = [], []
        for position in positions:
            found = chosen(position, settings.every)[2]
            jpegs += found
            clip += [position] * len(found)
        return lambda rows: np.stack([decode_jpeg(jpegs[row]) for row in rows]), np.array(clip, dtype=np.int64)

    def tested(position: int):
        frames, found, jpegs = chosen(position, settings.test_every)
        return frames, found, np.array([decode_jpeg(jpeg) for jpeg in jpegs], dtype=np.uint8)

    return Pictures(rows_of, tested, targets)


def still_pictures(images: np.ndarray, image_of: np.ndarray, targets: np.ndarray) -> Pictures:
    """Take pictures from an array: each clip is one image, such as a row of FER+.

    Args:
        images: uint8 `(images, side, side)`.
        image_of: int `(clips,)`, the image of each clip.
        targets: float32 `(clips, classes)`.
    """

    def rows_of(positions: np.ndarray):
        return lambda rows: images[image_of[positions[rows]]], positions

    def tested(position: int):
        return np.array([0]), np.array([True]), images[image_of[position]][None]

    return Pictures(rows_of, tested, targets)


def train_network(
    experiment: Experiment,
    start: keras.Model,
    preprocessing: Preprocessing,
    clips: pd.DataFrame,
    pictures: Pictures,
    fold_and_seed: tuple[Fold, int],
    checkpoint: Path,
) -> TrainedNetwork:
    """Train a network on one fold with one seed, and predict the fold's test clips.

    Args:
        start: the network to start from, float32, with the task's outputs.
        preprocessing: size and scaling of its input.
        clips: the labelled clips: columns dataset, subject, clip, y.
        checkpoint: file that holds the state after the last epoch.
    """
    fold, seed = fold_and_seed
    settings = experiment.training
    num_classes = pictures.targets.shape[1]
    prior = training_prior(clips["y"].iloc[fold.train].to_numpy(dtype=np.int64), num_classes)

    def prepare(images: np.ndarray) -> np.ndarray:
        return scale_pixels(images.astype(np.float32), preprocessing.scaling)

    def batches_of(positions: np.ndarray, weighted: bool, shuffle: tuple[int | str, ...] | None):
        load, clip = pictures.rows_of(positions)
        targets = pictures.targets[clip]
        weights = class_weights(targets.argmax(axis=1), num_classes) if weighted else None
        images = Images(load, targets, sample_weights(targets, weights))
        return image_batches(
            images, prepare, preprocessing.size, settings.batch, settings.augment, settings.label_mode, shuffle
        )

    model = with_dtype(start, training_dtype(settings.dtype))
    trained = fit(
        model,
        batches_of(fold.train, settings.class_weights, (seed, fold.name)),
        batches_of(fold.selection, False, None),
        settings,
        checkpoint,
        (seed, fold.name),
        label=experiment.name,
    )
    answers = predict_clips(model, preprocessing, pictures, fold.test, prior)
    predictions = predictions_table(clips.iloc[fold.test], answers, fold.name, seed)
    return TrainedNetwork(with_dtype(model, "float32"), predictions, trained)


def training_dtype(requested: str) -> str:
    """Return the dtype policy to train under: `auto` takes mixed bfloat16 where the processor or GPU has it."""
    if requested != "auto":
        return requested
    dtype, _ = choose_compute_dtype("auto")
    return "mixed_bfloat16" if dtype == "bfloat16" else "float32"


def predict_clips(
    model: keras.Model, preprocessing: Preprocessing, pictures: Pictures, positions: np.ndarray, prior: np.ndarray
) -> list[ClipAnswer]:
    """Predict clips one after the other: single pictures as they are, several frames by majority vote."""
    answers = []
    for position in positions:
        frames, found, images = pictures.tested(position)
        if not found.any():
            answers.append(answer_by_prior(prior))
            continue
        probabilities = predict_images(model, preprocessing, images)
        answers.append(answer_by_vote(frames[found], found, probabilities, prior))
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
