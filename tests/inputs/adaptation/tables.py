"""A small table of samples with features, and folds of it, as the methods that adapt features read them."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from tests.experiments.leakage.runs import noise, write_pictures
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation.base import AdaptationJob
from transferpain.inputs.adaptation.chosen import adapted_features
from transferpain.inputs.features.cache import read_features, write_features
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.sources.origin import built_origin
from transferpain.models.sources.preprocessing import Preprocessing

FRAMES, DIMENSION = 6, 4
ORIGIN = built_origin("untrained", "resnet18", Preprocessing(size=32, detector="mediapipe"))
# Clips 0-7: four subjects of the source; 8-11: two of the target's training; 12-17: three of its tested subjects.
FOLD = Fold("test", np.arange(6), np.arange(6, 8), np.array([12, 14, 15, 16]), np.empty(0, np.int64))
PARTS = {
    "subject_standardization": FOLD,
    "baseline_subtraction": dataclasses.replace(FOLD, test=np.array([12, 16]), reference=np.array([13, 17])),
    "coral": dataclasses.replace(FOLD, reference=np.arange(8, 12)),
}


def small_table(folder: Path) -> pd.DataFrame:
    """Two clips per subject; even ones show no pain, of tested subjects odd ones; three clips have a gap.

    The features are made of whole numbers, so that they are the same everywhere.
    """
    rows = []
    for number in range(18):
        features = (np.arange(FRAMES * DIMENSION) * (7 + 4 * number) % 23).reshape(FRAMES, DIMENSION)
        features = ((features - 11) * (1 + number % 3) / 4 + number).astype(np.float16)
        if number in (1, 9, 12):
            features[2] = np.nan
        path = folder / f"{number}.npy"
        write_features(path, features)
        dataset = "biovid" if number < 8 else "ai4pain"
        y = number % 2 if number < 12 else 1 - number % 2
        rows.append(
            {"dataset": dataset, "subject": f"S{number // 2}", "clip": f"c{number}", "features": str(path), "y": y}
        )
    return pd.DataFrame(rows).assign(row=-1, stretch_rows=-1).astype({"y": "Int64"})


def used(method: str) -> np.ndarray:
    """Return the positions that a method's fold learns from or tests."""
    fold = PARTS[method]
    return np.unique(np.concatenate([fold.train, fold.selection, fold.test]))


def read_all(files) -> np.ndarray:
    """Return the rows of feature files one after the other, float64 `(rows, D)`."""
    return np.concatenate([read_features(Path(file)) for file in files]).astype(np.float64)


def job(cache: Path, stage: pd.DataFrame | None = None) -> AdaptationJob:
    """Return what features are adapted from: an untrained ResNet-18, and the faces of the clips."""
    return AdaptationJob(ORIGIN, pd.DataFrame() if stage is None else stage, FeatureSettings(dtype="float32"), cache)


def adapt(method: str | None, samples: pd.DataFrame, cache: Path) -> np.ndarray:
    """Return the feature file of each sample of a method's fold, text `(samples,)`."""
    return adapted_features(method, job(cache), samples, [PARTS.get(method, FOLD)])["test"]


def faces_stage(folder: Path) -> pd.DataFrame:
    """Six clips of three pictures, the second without a face; those of the target, the last three, are darker."""
    rows = []
    for number in range(6):
        generator = np.random.default_rng(number)
        pictures = [cv2.resize(noise(generator), (32, 32)) // (1 + 3 * (number > 2)) for _ in range(3)]
        path = folder / f"{number}.parquet"
        write_pictures(path, [pictures[0], None, pictures[2]])
        rows.append({"clip": f"c{number}", "faces": str(path), "key": f"key{number}"})
    return pd.DataFrame(rows).assign(num_frames=3, fps=5.0, found=2, pictures=2, stretch=3, problem="")
