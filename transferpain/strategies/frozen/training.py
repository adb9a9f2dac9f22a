"""The strategy `frozen`: a head is trained on cached features of a source that stays as it is.

Features are read from their memory-mapped files batch by batch, so that memory does not grow with the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.core.store import fingerprint
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment, resolved
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.windows import fill_missing, pad, windows
from transferpain.networks.heads.ann import build_ann
from transferpain.networks.heads.lstm import build_lstm
from transferpain.networks.training.batches import Batches, one_hot
from transferpain.networks.training.class_weights import class_weights
from transferpain.networks.training.fit import Training, fit, start_anew
from transferpain.strategies.common.answers import (
    ClipAnswer,
    answer_by_prior,
    answer_by_sequence,
    answer_by_vote,
    predictions_table,
    training_prior,
)

# Bounds the memory of a prediction; one call a clip would spend its time on the calls.
PREDICTED_AT_ONCE = 4096


@dataclass(frozen=True)
class Windows:
    """Windows of clips: where each stands and what it shows.

    Attributes:
        features: memory-mapped float16 `(frames, D)` of each clip, NaN rows where no face was found.
        clip: int64 `(windows,)`, position of the window's clip in `features`.
        start, stop: int64 `(windows,)`, in feature rows.
        y: int64 `(windows,)`, the clip's class; -1 where it is unlabelled.
    """

    features: list[np.ndarray]
    clip: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    y: np.ndarray

    def window(self, number: int) -> np.ndarray:
        return self.features[self.clip[number]][self.start[number] : self.stop[number]]


@dataclass(frozen=True)
class TrainedHead:
    """A trained head and what it says of the tested clips."""

    model: keras.Model
    predictions: pd.DataFrame
    training: Training


def train_head(
    experiment: Experiment,
    clips: pd.DataFrame,
    fold: Fold,
    seed: int,
    num_classes: int,
    checkpoint: Path,
    traced: dict[str, keras.Model] | None = None,
) -> TrainedHead:
    """Train the experiment's head on one fold with one seed, and predict the fold's test clips.

    Args:
        clips: the labelled clips with their features: columns dataset, subject, clip, y, features (path, empty
            where the clip is unusable), rate (feature rows a second), row (the feature row that the clip is, where
            a clip is one frame of a file; else -1).
        fold: positions into `clips`.
        checkpoint: file that holds the state after the last epoch.
        traced: heads that earlier calls trained, and that are trained again with other weights where they fit: to
            trace a head's graphs takes longer than some epochs. Those of this call are added.
    """
    training = windows_of(experiment, clips.iloc[fold.train], experiment.window.train)
    selection = windows_of(experiment, clips.iloc[fold.selection], "first")
    prior = training_prior(clips["y"].iloc[fold.train].to_numpy(dtype=np.int64), num_classes)
    weights = class_weights(training.y, num_classes) if experiment.training.class_weights else np.ones(num_classes)
    parts = (seed, fold.name)
    batches_of = frame_batches if experiment.head.kind == "ann" else sequence_batches
    batches = batches_of(experiment, training, weights, parts)
    shape = (training.features[0].shape[1], num_classes, derive_seed(*parts, "weights"))
    head = build_head(experiment, *shape)
    key = fingerprint(
        [resolved(experiment)[part] for part in ("head", "training", "window")] + [*shape[:2], batches.steps]
    )
    traced = {} if traced is None else traced
    if key not in traced:
        traced[key] = build_head(experiment, *shape)
    model = traced[key]
    start_anew(model, head.get_weights())
    trained = fit(
        model,
        batches,
        batches_of(experiment, selection, np.ones(num_classes), None),
        experiment.training,
        checkpoint,
        parts,
        label=f"{experiment.name} {fold.name} seed {seed}",
    )
    tested = clips.iloc[fold.test]
    answers = answer_clips(experiment, model, tested, prior)
    head.set_weights(model.get_weights())
    return TrainedHead(head, predictions_table(tested, answers, fold.name, seed), trained)


def build_head(experiment: Experiment, dimension: int, num_classes: int, seed: int) -> keras.Model:
    """Build the head that the experiment names, for features of `dimension`."""
    head = experiment.head
    if head.kind == "ann":
        return build_ann(dimension, num_classes, seed, head.hidden, head.dropout)
    return build_lstm(experiment.window_frames, dimension, num_classes, seed, masked=True)


def windows_of(experiment: Experiment, clips: pd.DataFrame, mode: str) -> Windows:
    """Cut the usable clips into windows; a window without a single face is left out.

    Args:
        clips: as for `train_head`.
        mode: `cut` takes every window of a clip, `first` the first.
    """
    files: dict[str, int] = {}
    features, rows = [], []
    for row in clips[clips["features"] != ""].itertuples():
        if row.features not in files:
            files[row.features] = len(features)
            features.append(read_features(Path(row.features)))
        place = files[row.features]
        for start, stop in spans_of(experiment, row, len(features[place]), mode):
            if found_frames(features[place][start:stop]).any():
                rows.append((place, start, stop, -1 if pd.isna(row.y) else int(row.y)))
    clip, start, stop, y = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Windows(features, clip, start, stop, y)


def spans_of(experiment: Experiment, clip, num_rows: int, mode: str) -> list[tuple[int, int]]:
    """Return the `(start, stop)` feature rows of a clip's windows.

    A clip that is a single frame of a file is that one row; features that were spread evenly over a clip
    (`features.frames`) are one window; else windows are cut by time.
    """
    if clip.row >= 0:
        return [(clip.row, clip.row + 1)]
    if experiment.features.frames is not None:
        return [(0, num_rows)]
    return windows(num_rows, clip.rate, experiment.window.seconds, mode)


def found_frames(features: np.ndarray) -> np.ndarray:
    """Tell for each frame, bool `(frames,)`, whether a face was found: a frame without one is a row of NaN."""
    return ~np.isnan(features[:, 0])


def frame_batches(
    experiment: Experiment, data: Windows, weights: np.ndarray, shuffle: tuple[int | str, ...] | None
) -> Batches:
    """Make batches of single frames, `(batch, D)` float32, of the frames with a face.

    Args:
        weights: weight of each class, `(classes,)`.
        shuffle: parts of the seed of the order; `None` keeps the order.
    """
    found = [start + np.flatnonzero(found_frames(data.window(i))) for i, start in enumerate(data.start)]
    window = np.repeat(np.arange(len(found)), [len(frames) for frames in found])
    clip, frame, y = data.clip[window], np.concatenate(found), data.y[window]

    def load(rows: np.ndarray) -> np.ndarray:
        return np.stack([data.features[clip[row]][frame[row]] for row in rows]).astype(np.float32)

    return batches_from(load, y, weights, experiment.training.batch, shuffle)


def sequence_batches(
    experiment: Experiment, data: Windows, weights: np.ndarray, shuffle: tuple[int | str, ...] | None
) -> Batches:
    """Make batches of whole windows, `(batch, frames, D)` float32; arguments as for `frame_batches`."""

    def load(rows: np.ndarray) -> np.ndarray:
        return np.stack([sequence(experiment, data.window(row)) for row in rows])

    return batches_from(load, data.y, weights, experiment.training.batch, shuffle)


def sequence(experiment: Experiment, features: np.ndarray) -> np.ndarray:
    """Return a window as the LSTM reads it, float32 `(frames, D)`: gaps filled as declared, zeros at the end.

    Rows of zeros are masked; with `missing: hold_last` only the padding is.
    """
    filled, found = fill_missing(np.asarray(features, dtype=np.float32), experiment.window.missing)
    filled = np.where(found[:, None], filled, 0.0)
    padded, _ = pad(filled, experiment.window_frames)
    return padded.astype(np.float32)


def batches_from(load, y: np.ndarray, weights: np.ndarray, size: int, shuffle: tuple[int | str, ...] | None) -> Batches:
    """Make batches from `load(rows) -> inputs`, classes `(rows,)` and class weights `(classes,)`."""
    targets = one_hot(y, len(weights))
    row_weights = np.asarray(weights, dtype=np.float32)[y]

    def of(epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        order = np.arange(len(y))
        if shuffle is not None:
            order = np.random.default_rng(derive_seed(*shuffle, epoch, "order")).permutation(len(y))
        for begin in range(0, len(y), size):
            rows = order[begin : begin + size]
            yield load(rows), targets[rows], row_weights[rows]

    return Batches(of, len(y), size)


def answer_clips(
    experiment: Experiment, model: keras.Model, clips: pd.DataFrame, prior: np.ndarray
) -> list[ClipAnswer]:
    """Predict clips by their first window: by votes of frames (ANN) or as one sequence (LSTM).

    A clip that shows no face is answered with `prior`.
    """
    answers = [answer_by_prior(prior)] * len(clips)
    pending: list[tuple[int, int, np.ndarray]] = []
    waiting = 0
    for position, row in enumerate(clips.itertuples()):
        if not row.features:
            continue
        features = read_features(Path(row.features))
        ((start, stop),) = spans_of(experiment, row, len(features), "first")
        window = np.array(features[start:stop])
        if not found_frames(window).any():
            continue
        pending.append((position, start, window))
        waiting += len(window)
        if waiting >= PREDICTED_AT_ONCE:
            answer_pending(experiment, model, pending, prior, answers)
            pending, waiting = [], 0
    if pending:
        answer_pending(experiment, model, pending, prior, answers)
    return answers


def answer_pending(
    experiment: Experiment,
    model: keras.Model,
    pending: list[tuple[int, int, np.ndarray]],
    prior: np.ndarray,
    answers: list[ClipAnswer],
) -> None:
    """Predict windows together and put the answers in their places.

    Args:
        pending: position in `answers`, first row, and features `(frames, D)` of each window.
    """
    found = [found_frames(window) for _, _, window in pending]
    if experiment.head.kind == "ann":
        frames = [window[mask] for (_, _, window), mask in zip(pending, found, strict=True)]
        probabilities = model.predict_on_batch(np.concatenate(frames).astype(np.float32))
        parts = np.split(probabilities, np.cumsum([len(part) for part in frames])[:-1])
        for (position, start, _), mask, part in zip(pending, found, parts, strict=True):
            answers[position] = answer_by_vote(start + np.flatnonzero(mask), mask, part, prior)
        return
    sequences = np.stack([sequence(experiment, window) for _, _, window in pending])
    for (position, _, _), mask, part in zip(pending, found, model.predict_on_batch(sequences), strict=True):
        answers[position] = answer_by_sequence(part, float(mask.mean()))
