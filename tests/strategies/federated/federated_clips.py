"""Clips of a few subjects whose features show the class, and an experiment that trains a head on them by clients."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.strategies.frozen import frozen_clips
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment

CLASSES = frozen_clips.CLASSES
# Subjects 0 to 2 with two clips each are trained on; that of clip 7 is selected on.
FOLD = Fold("test", np.arange(6), np.arange(6, 8), np.arange(8, 12))
SGD = {"name": "sgd", "learning_rate": 0.1}


def experiment(federated: dict | None = None, **changes) -> Experiment:
    training = {"epochs": 3, "batch": 4, "patience": None, "class_weights": True, "optimizer": SGD}
    values = {"strategy": "federated", "federated": federated or {}}
    return frozen_clips.experiment(**values, **({"training": training} | changes))


def write_clips(folder: Path) -> pd.DataFrame:
    return frozen_clips.write_clips(folder)
