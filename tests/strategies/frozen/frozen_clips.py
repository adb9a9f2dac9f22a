"""Clips with features on the disk, and an experiment that trains a head on them."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.experiments.schema import Experiment
from transferpain.inputs.features.cache import write_features

DIMENSION = 6
CLASSES = 3


def experiment(**changes) -> Experiment:
    values = {
        "name": "test",
        "task": "ai4pain-three",
        "protocol": {"kind": "folders"},
        "source": "untrained",
        "strategy": "frozen",
        "features": {"fps": 4},
        "window": {"seconds": 1},
        "head": {"kind": "ann", "hidden": [8], "dropout": 0.0},
        "training": {"epochs": 30, "batch": 16, "class_weights": True, "optimizer": {"learning_rate": 0.01}},
    }
    return Experiment.model_validate(values | changes)


def write_clips(folder: Path) -> pd.DataFrame:
    """Twelve clips of six subjects whose features show the class, with one gap, one faceless and one unusable clip."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(12):
        y = number % CLASSES
        features = random.normal(size=(10, DIMENSION)).astype(np.float16)
        features[:, y] += 4
        if number == 0:
            features[2] = np.nan
        if number == 11:
            features[:] = np.nan
        path = folder / f"{number}.npy"
        write_features(path, features)
        rows.append({"subject": str(number // 2), "clip": f"clip{number}", "features": str(path), "y": y})
    rows[10]["features"] = ""
    table = pd.DataFrame(rows).assign(dataset="ai4pain", rate=4.0, row=-1, stretch_rows=4)
    table["sampling"] = [partial(np.arange, 10)] * len(table)
    return table.astype({"y": "Int64"})
