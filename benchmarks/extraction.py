"""Feature extraction against a bare compiled loop, against plain `model.predict`, and bfloat16 against float32."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import ClassVar, Literal, NamedTuple

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
from transferpain.strategies.common.feature_answers import answer_clips
from transferpain.strategies.frozen.training import train_head

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

    stage = stage_and_loop(folder, short, origin, dtype)
    contestants = {**stage.contestants, "predict": predict}
    in_turn(contestants, 1)  # what is loaded or compiled once is nobody's time
    seconds = in_turn(contestants, sizes.repetitions)
    seconds["stage"] = stage.stage_seconds(seconds)
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
        Figure("what an extraction does once", stage.once, "s"),
    ]
    return {
        "figures": figures,
        "seconds": seconds,
        "frames": {"toolkit": len(pictures), "predict": round(share * len(pictures))},
        "compute_dtype": {"name": dtype, "reason": reason},
    }


@dataclass
class ReadyExtractor:
    """A source's extractor whose network is loaded and whose graph is traced.

    Attributes:
        extractor: of the source.
        embed: what its network makes of pictures.
        probing: seconds that each extraction took to see that places in a batch do not tell: the first call of each.
    """

    extractor: SourceExtractor
    embed: Callable[[np.ndarray], np.ndarray]
    probing: list[float] = field(default_factory=list)
    reads: ClassVar[Literal["face"]] = "face"

    @property
    def key(self) -> tuple[str, str]:
        return self.extractor.key

    @property
    def width(self) -> int:
        return self.extractor.width

    def open(self, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
        """Return `embed`, whose first call is timed."""
        known = len(self.probing)

        def embed(images: np.ndarray) -> np.ndarray:
            started = time.monotonic()
            features = self.embed(images)
            if len(self.probing) == known:
                self.probing.append(time.monotonic() - started)
            return features

        return embed


class StageAndLoop(NamedTuple):
    """The features stage and a bare loop over the same pictures, with batches of the same size.

    Attributes:
        contestants: the stage on faces in the cache, `toolkit`, and a `bare loop` over pictures in memory.
        extractor: of the stage, which notes what it did besides.
        once: seconds that an extraction takes once, whatever it reads: to trace its graphs, and to look for a batch in
            which places do not tell. That is as long as a hundred pictures, and would hide how fast the hundred
            thousand of a dataset are.
    """

    contestants: dict[str, Callable[[], None]]
    extractor: ReadyExtractor
    once: float

    def stage_seconds(self, seconds: dict[str, list[float]]) -> list[float]:
        """Return the seconds of the last turns of the stage without the batch that it begins with once."""
        probing = self.extractor.probing[-len(seconds["toolkit"]) :]
        return [whole - probe for whole, probe in zip(seconds["toolkit"], probing, strict=True)]


def stage_and_loop(folder: Path, faces: pd.DataFrame, origin: Origin, dtype: str) -> StageAndLoop:
    """Return the stage on faces in the cache, and a bare compiled loop over the same pictures in memory."""
    pictures = np.concatenate([read_faces(Path(path)).images for path in faces["faces"]])
    embedder = origin.load_embedder(dtype)
    started = time.monotonic()
    embed = compile_embedder(embedder)
    batch = steady_batch(embed, pictures.shape[1:], BATCH)
    once = time.monotonic() - started
    filled = np.concatenate([pictures, np.repeat(pictures[-1:], -len(pictures) % batch, axis=0)])
    extractor = ReadyExtractor(SourceExtractor(LoadedSource(origin, embedder)), embed)
    settings = FeatureSettings(dtype=dtype, batch=batch)

    def toolkit():
        rmtree(folder / "features", ignore_errors=True)
        extract_features(extractor, faces, settings, folder / "features")

    def bare_loop():
        for start in range(0, len(filled), batch):
            embed(filled[start : start + batch])

    return StageAndLoop({"toolkit": toolkit, "bare loop": bare_loop}, extractor, once)


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
