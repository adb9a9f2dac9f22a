"""A network is tuned, and gradient boosting reads its embedding beside action units (Verma)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows
from transferpain.core.seeds import derive_seed
from transferpain.core.store import is_intact, write_checked
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.action_units.measured import FrameUnits
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.training.fit import Training
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.network import FittedNetwork, Shown, Tuning, fit_network, predict_images
from transferpain.strategies.common.phases import whole_network
from transferpain.strategies.common.pictures import Pictures
from transferpain.strategies.hybrid.cross_fitting import deal
from transferpain.strategies.hybrid.models import FaceMeasurements, FittedModels, fit_models

PART = "part"
LOOKED_AT_ONCE = 512  # bounds the memory of decoded pictures


@dataclass(frozen=True)
class Frames:
    """The single frames of an experiment.

    Attributes:
        samples, pictures: as for `fit_network`.
        action_units: of these frames.
    """

    samples: pd.DataFrame
    pictures: Pictures
    action_units: FrameUnits


@dataclass(frozen=True)
class TrainedHybrid:
    """Three models, and what they say of a fold's test and selection frames.

    Attributes:
        network: float32.
        fitted: what stands on it, and beside it.
        training: the network's.
        answers: one row per frame of the test and the selection part, as `part` says: `units`, `cnn` and `hybrid`,
            P(pain) by each model, NaN where it could not look.
        facts: thresholds, what the searches chose, coverages, importance of each action unit,
            whose they are, and how each was measured; JSON types.
    """

    network: keras.Model
    fitted: FittedModels
    training: Training
    answers: pd.DataFrame
    facts: dict


def train_hybrid(
    experiment: Recipe,
    start: Callable[[], keras.Model],
    preprocessing: Preprocessing,
    frames: Frames,
    fold_and_seed: tuple[Fold, int],
    folder: Path,
) -> TrainedHybrid:
    """Tune the network on a fold's training subjects, and fit what stands on it on the same people.

    Args:
        start: returns the network that every training of the fold starts from, so that the axes of their embeddings
            mean the same at first.
        preprocessing, folder: as for `fit_network`.
    """
    samples, pictures, measured = frames.samples, frames.pictures, frames.action_units
    fold, seed = fold_and_seed
    shown = Shown(samples, pictures, preprocessing)
    trained = tune(experiment, start(), shown, fold_and_seed, folder)
    network = with_embedding(trained.model, experiment.feature_layer, choose_compute_dtype("auto")[0])
    rows = np.sort(np.concatenate([fold.train, fold.selection, fold.test]))
    embedding, cnn = look_at(network, preprocessing, pictures, rows)
    faces = FaceMeasurements(measured.intensities[rows], embedding, cnn)
    testing = np.isin(rows, fold.test)
    is_pain = samples["y"].iloc[rows].to_numpy(dtype=float, na_value=np.nan) == 1
    labelled = samples["y"].iloc[rows].notna().to_numpy()
    state = derive_seed(seed, fold.name, "boosting")
    known = faces.rows(np.isin(rows, fold.train))
    between: tuple[FittedRows, ...] = ()
    if experiment.head.cross_fitting is not None:
        embedding, cnn, between = cross_fit(experiment, start, shown, fold_and_seed, folder)
        known = FaceMeasurements(known.units, embedding, cnn)
    of_pain = samples["y"].iloc[fold.train].to_numpy(dtype=np.int64) == 1
    people = samples["subject"].iloc[fold.train].to_numpy()
    fitted = fit_models(known, of_pain, people, experiment.head.boosting, state)
    answers = pd.DataFrame(fitted.answers(faces.rows(testing)))
    selected = pd.DataFrame(fitted.answers(faces.rows(np.isin(rows, fold.selection))))
    known = testing & labelled
    importance = fitted.importance(faces.rows(known), is_pain[known], measured.numbers, state)
    facts = describe(fitted, answers, importance) | {"estimator": measured.estimator.title}
    facts["measures"] = {str(number): one._asdict() for number, one in measured.measures.items()}
    steps = (
        *trained.fitted,
        *between,
        FittedRows("scaler and trees on action units, and their threshold", fold.train),
        FittedRows("what stands on the network, and thresholds", fold.train),
    )
    facts["fitted"] = [{"step": one.step, "rows": one.rows.tolist(), "use": one.use} for one in steps]
    both = pd.concat([answers.assign(part="test"), selected.assign(part="selection")], ignore_index=True)
    return TrainedHybrid(with_dtype(trained.model, "float32"), fitted, trained.training, both, facts)


def tune(
    experiment: Recipe, start: keras.Model, shown: Shown, fold_and_seed: tuple[Fold, int], folder: Path
) -> FittedNetwork:
    """Train the whole network on one fold with one seed; arguments are those of `fit_network`."""
    tuning = Tuning(whole_network(experiment.backbone, experiment.training))
    return fit_network(experiment, tuning, start, shown, fold_and_seed, folder)


def cross_fit(
    experiment: Recipe,
    start: Callable[[], keras.Model],
    shown: Shown,
    fold_and_seed: tuple[Fold, int],
    folder: Path,
) -> tuple[np.ndarray, np.ndarray, tuple[FittedRows, ...]]:
    """Look at each training subject of a fold with a network that was trained on the others alone.

    All of these networks stop on the fold's selection part, as the one that answers for tested subjects does.

    Args:
        start, folder: as for `train_hybrid`; what is finished of an interrupted call is kept in the folder.

    Returns:
        Of the fold's training frames the embeddings and P(pain), as of `look_at`; and what was fitted to which rows.
    """
    fold, seed = fold_and_seed
    labels, subjects = (shown.samples[name].iloc[fold.train].to_numpy() for name in ("y", "subject"))
    found, fitted = [], []
    parts = deal(labels.astype(np.int64), subjects, experiment.head.cross_fitting, derive_seed(seed, fold.name, PART))
    for number, part in enumerate(parts):
        others = np.setdiff1d(fold.train, fold.train[part])
        inner = Fold(f"{fold.name}-{PART}{number}", others, fold.selection, fold.train[part])
        file = folder / f"{PART}{number}.npz"
        if not is_intact(file):
            trained = tune(experiment, start(), shown, (inner, seed), folder / f"{PART}{number}")
            network = with_embedding(trained.model, experiment.feature_layer, choose_compute_dtype("auto")[0])
            embedding, cnn = look_at(network, shown.preprocessing, shown.pictures, inner.test)
            write_checked(file, lambda path, e=embedding, c=cnn: save_looks(path, e, c))
        with np.load(file) as looks:
            found.append((part, looks["embedding"], looks["cnn"]))
        fitted.append(FittedRows(f"weights of the network that looks at part {number} of the training", others))
        fitted.append(FittedRows(f"epoch of the network that looks at part {number}", fold.selection, use="selection"))
    embedding = np.empty((len(fold.train), found[0][1].shape[1]), np.float32)
    cnn = np.empty(len(fold.train))
    for part, one, other in found:
        embedding[part], cnn[part] = one, other
    return embedding, cnn, tuple(fitted)


def save_looks(path: Path, embedding: np.ndarray, cnn: np.ndarray) -> None:
    """Write what a network says of faces, as `look_at` returns it."""
    with open(path, "wb") as file:
        np.savez(file, embedding=embedding, cnn=cnn)


def describe(fitted: FittedModels, answers: pd.DataFrame, importance: dict) -> dict:
    """Return what a run keeps beside the predictions, as JSON types."""
    return {
        "thresholds": {
            name: {"value": one.value, "objective": one.objective, "score": one.score, "reached": one.reached}
            for name, one in fitted.thresholds.items()
        },
        "chosen": {name: one.chosen for name, one in fitted.boosted.items()},
        "coverage": {name: float(share) for name, share in answers.notna().mean().items()},
        "importance": {
            name: {str(unit): {"mean": one.mean, "deviation": one.deviation} for unit, one in by_unit.items()}
            for name, by_unit in importance.items()
        },
    }


def with_embedding(model: keras.Model, layer: str, dtype: str = "float32") -> keras.Model:
    """Return the network answering with the output of `layer` and, behind it, its probabilities.

    Args:
        model: a network; its weights are float32.
        layer: whose output is the embedding, `(batch, D)`.
        dtype: what the network computes in.

    Returns:
        A model whose output is float32 `(batch, D + classes)`.
    """
    network = with_dtype(model, dtype)
    outputs = [network.get_layer(layer).output, network.output]
    return keras.Model(network.input, keras.layers.Concatenate(dtype="float32", name="both")(outputs))


def look_at(
    network: keras.Model, preprocessing: Preprocessing, pictures: Pictures, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Look at the pictures of single frames.

    Args:
        network: of `with_embedding`, over two classes.
        positions: of the samples, `(frames,)`.

    Returns:
        Embeddings, float32 `(frames, D)`, and P(pain), float64 `(frames,)`; NaN where there is no face.
    """
    outputs = np.full((len(positions), network.output_shape[-1]), np.nan, np.float32)
    for begin in range(0, len(positions), LOOKED_AT_ONCE):
        shown = [pictures.tested(position) for position in positions[begin : begin + LOOKED_AT_ONCE]]
        rows = begin + np.flatnonzero([found.any() for _, found, _ in shown])
        if len(rows):
            images = np.concatenate([images for _, found, images in shown if found.any()])
            outputs[rows] = predict_images(network, preprocessing, images)
    return outputs[:, :-2], outputs[:, -1].astype(np.float64)
