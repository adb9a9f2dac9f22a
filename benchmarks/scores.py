"""How long the transferability scores take, and the jackknife over subjects behind every interval."""

import statistics
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.data import CLASSES, DIMENSION
from benchmarks.measure import Figure, in_turn, main
from transferpain.evaluation import transferability as scores
from transferpain.evaluation.statistics import score_subjects

SOURCE_CLASSES = 8
SUBJECTS = 100
MOST_SECONDS = 5.0


class Sizes(NamedTuple):
    clips: int
    dimension: int
    repetitions: int


FULL = Sizes(clips=5000, dimension=DIMENSION, repetitions=5)
QUICK = Sizes(clips=200, dimension=16, repetitions=1)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    contestants = score_calls(sizes) | {f"intervals over {SUBJECTS} subjects": interval_call()}
    seconds = in_turn(contestants, sizes.repetitions)
    figures = [Figure(name, statistics.median(times), "s", most=MOST_SECONDS) for name, times in seconds.items()]
    return {"figures": figures, "seconds": seconds, "sizes": sizes._asdict()}


def score_calls(sizes: Sizes) -> dict:
    """Return a call of each score on random features whose class means differ, as those after a ReLU never negative."""
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, sizes.clips)
    shift = np.eye(CLASSES, sizes.dimension)[labels]
    features = np.maximum(random.normal(size=(sizes.clips, sizes.dimension)) + shift, 0).astype(np.float32)
    outputs = random.dirichlet(np.ones(SOURCE_CLASSES), sizes.clips)
    subjects = np.arange(sizes.clips) % SUBJECTS
    half = sizes.clips // 2
    domains = (features[:half], features[half:], subjects[:half], subjects[half:])
    calls = {
        "LogME": lambda: scores.logme(features, labels),
        "LEEP": lambda: scores.leep(outputs, labels),
        "NCE": lambda: scores.nce(outputs.argmax(axis=1), labels),
        "H-score": lambda: scores.h_score(features, labels),
        "regularised H-score": lambda: scores.regularized_h_score(features, labels),
        "TransRate": lambda: scores.transrate(features, labels),
        "proxy A-distance": lambda: scores.proxy_a_distance(*domains),
    }
    return {f"{name} of {sizes.clips} clips x {sizes.dimension}": call for name, call in calls.items()}


def interval_call():
    """Return a call of the intervals of every metric of the answers, three seeds, 24 clips per subject."""
    random = np.random.default_rng(0)
    rows = pd.MultiIndex.from_product([range(SUBJECTS), range(24), range(3)], names=["subject", "clip", "seed"])
    table = rows.to_frame(index=False).assign(dataset="ai4pain", frame=-1, coverage=1.0)
    table["y_true"] = pd.array(table["clip"] % CLASSES, dtype="Int64")
    table["y_pred"] = random.integers(0, CLASSES, len(table))
    table = table.assign(**{f"p_{number}": 1 / CLASSES for number in range(CLASSES)})
    return lambda: score_subjects(table)


if __name__ == "__main__":
    main("scores", measure)
