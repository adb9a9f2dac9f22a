"""Feature extraction against a bare compiled loop, against plain `model.predict`, and bfloat16 against float32."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from benchmarks.data import CLASSES, head_experiment, twin_faces, untrained
from benchmarks.measure import Figure, in_turn, main, speed_ratio
from transferpain.core.processor import processor_flags
from transferpain.data.protocols.fold import Fold
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.extract import extract_features, sampled_frames
from transferpain.inputs.features.extractors.source import SourceExtractor, compile_embedder
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.features.steady_batch import steady_batch
from transferpain.models.sources.origin import Origin
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.heads.keras_head import FittedNetwork
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import Training
from transferpain.strategies.common.answers import training_prior
from transferpain.strategies.frozen.training import answer_clips, train_head

BATCH = 32
DECISION_RATE = 4.0  # pictures per second of the comparison of number formats: many clips, few frames


class Sizes(NamedTuple):
    twin: TwinSettings
    side: int
    clips: int
    predicted_clips: int
    repetitions: int
    epochs: int
    seeds: int


FULL = Sizes(TwinSettings(subjects=16, clips=3, seconds=1), 224, 8, 2, 5, epochs=30, seeds=3)
QUICK = Sizes(TwinSettings(subjects=3, clips=1, seconds=0.3), 32, 2, 1, 1, epochs=1, seeds=1)


class LoadedSource:
    """A source whose network is loaded already, so that loading it is nobody's time."""

    def __init__(self, origin: Origin, embedder: keras.Model):
        self.weights_hash, self.preprocessing = origin.weights_hash, origin.preprocessing
        self.embedding_size = origin.embedding_size
        self.load_embedder = lambda compute_dtype: embedder


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    make_deterministic()
    faces = twin_faces(folder, sizes.twin, sizes.side)
    origin = untrained(sizes.side)
    throughput = measure_throughput(folder, faces, origin, sizes)
    formats = compare_formats(folder, faces, origin, sizes)
    return {"figures": [*throughput.pop("figures"), *formats], **throughput}


def measure_throughput(folder: Path, faces: pd.DataFrame, origin: Origin, sizes: Sizes) -> dict:
    """Compare the stage, JPEG decoding and cache included, with a bare loop over pictures in memory."""
    dtype, reason = choose_compute_dtype("auto")
    short = faces[faces["level"] != "none"].head(sizes.clips)
    clips = [read_faces(Path(path)).images for path in short["faces"]]
    pictures = np.concatenate(clips)
    plain = origin.load_embedder("float32")

    def predict():
        for images in clips[: sizes.predicted_clips]:
            plain.predict(images, verbose=0)

    contestants = {**stage_and_loop(folder, short, origin, dtype), "predict": predict}
    in_turn(contestants, 1)  # what is loaded or compiled once is nobody's time
    seconds = in_turn(contestants, sizes.repetitions)
    seconds["stage"] = stage_seconds(seconds)
    share = sum(map(len, clips[: sizes.predicted_clips])) / len(pictures)
    over_predict = speed_ratio(seconds, "toolkit", "predict") / share
    has_amx = "amx_bf16" in processor_flags()
    figures = [
        Figure(
            f"the stage v a bare compiled loop, both {dtype}", speed_ratio(seconds, "stage", "bare loop"), least=0.9
        ),
        Figure(
            "the stage v float32 `model.predict` clip by clip" + ("" if has_amx else " (the target of 5 is for AMX)"),
            over_predict,
            least=5 if has_amx else None,
        ),
        Figure("the stage", len(pictures) / float(np.median(seconds["stage"])), "frames/s"),
        Figure("what an extraction does once", float(np.median(seconds["once"])), "s"),
    ]
    return {
        "figures": figures,
        "seconds": seconds,
        "frames": {"toolkit": len(pictures), "predict": round(share * len(pictures))},
        "compute_dtype": {"name": dtype, "reason": reason},
    }


def stage_and_loop(folder: Path, faces: pd.DataFrame, origin: Origin, dtype: str) -> dict[str, Callable[[], None]]:
    """Return the stage on faces in the cache, what it does once whatever it reads, and a bare compiled loop over the
    same pictures in memory.

    Once it traces its graphs, and looks for a batch in which places do not tell: as long as about a hundred pictures
    where that takes three sizes, which would hide how fast the hundred thousand of a dataset are.
    """
    pictures = np.concatenate([read_faces(Path(path)).images for path in faces["faces"]])
    filled = np.concatenate([pictures, np.repeat(pictures[-1:], -len(pictures) % BATCH, axis=0)])
    embedder = origin.load_embedder(dtype)
    source, settings = LoadedSource(origin, embedder), FeatureSettings(dtype=dtype, batch=BATCH)

    def toolkit():
        rmtree(folder / "features", ignore_errors=True)
        extract_features(SourceExtractor(source), faces, settings, folder / "features")

    def once():
        steady_batch(compile_embedder(embedder), pictures.shape[1:], BATCH)

    embed = compile_embedder(embedder)

    def bare_loop():
        for start in range(0, len(filled), BATCH):
            embed(filled[start : start + BATCH])

    return {"toolkit": toolkit, "once": once, "bare loop": bare_loop}


def stage_seconds(seconds: dict[str, list[float]]) -> list[float]:
    """Return the seconds of each turn of the stage without what it does once."""
    return [whole - once for whole, once in zip(seconds["toolkit"], seconds["once"], strict=True)]


def compare_formats(folder: Path, faces: pd.DataFrame, origin: Origin, sizes: Sizes) -> list[Figure]:
    """Compare bfloat16 features with float32 ones, and what heads trained on the latter decide on both."""
    tables = {}
    for dtype in ("float32", "bfloat16"):
        settings = FeatureSettings(fps=DECISION_RATE, dtype=dtype, batch=BATCH)
        features = extract_features(SourceExtractor(origin), faces, settings, folder / "formats")["features"]
        tables[dtype] = faces.assign(features=features, rate=DECISION_RATE, row=-1, stretch_rows=-1)
        tables[dtype]["sampling"] = [
            partial(sampled_frames, int(clip.num_frames), (float(clip.fps), float(DECISION_RATE)))
            for clip in faces.itertuples()
        ]
    exact, rounded = (np.concatenate([found_rows(path) for path in table["features"]]) for table in tables.values())
    experiment = head_experiment("ann", DECISION_RATE, 1.0, sizes.epochs)
    labelled = np.flatnonzero(faces["y"].notna())
    fold = Fold("all", labelled, labelled, labelled)
    prior = training_prior(faces["y"].iloc[labelled].to_numpy(np.int64), CLASSES)
    equal, answers = [], []
    for seed in range(sizes.seeds):
        result = train_head(experiment, tables["float32"], fold, seed, CLASSES, folder / f"{seed}.npz")
        head = FittedNetwork(result.model, result.model, Training(result.history, len(result.history)))
        exact_answers, rounded_answers = (answer_clips(experiment, head, table, prior) for table in tables.values())
        equal += [a.y_pred == b.y_pred for a, b in zip(exact_answers, rounded_answers, strict=True)]
        answers += [answer.y_pred for answer in exact_answers]
    centre = exact.mean(axis=0)
    return [
        Figure(f"bfloat16 v float32: lowest cosine of {len(exact)} frames", cosine(exact, rounded).min(), least=0.999),
        Figure("... with the mean taken off", cosine(exact - centre, rounded - centre).min()),
        Figure(f"bfloat16 v float32: equal decisions of {len(equal)}", float(np.mean(equal)), least=0.99),
        Figure("... share of the most frequent decision", np.bincount(answers).max() / len(answers)),
    ]


def found_rows(path: str) -> np.ndarray:
    """Return the features of a clip's found frames, float64 `(found, D)`."""
    features = read_features(Path(path))
    return features[~np.isnan(features[:, 0])].astype(np.float64)


def cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the cosine of the angle between the rows of two arrays."""
    return (one * other).sum(axis=1) / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))


if __name__ == "__main__":
    main("extraction", measure)
