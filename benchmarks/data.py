"""What the benchmarks work on: faces of a synthetic twin, and random features where only their number matters."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.data.datasets.index import read_index
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.data.tasks.task import label_clips, load_task
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.inputs.faces.stage import compute_faces
from transferpain.inputs.features.cache import features_path, write_features
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.origin import Origin, built_origin
from transferpain.models.sources.preprocessing import Preprocessing

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
TASK = "ai4pain-three"
CLASSES = 3
DIMENSION = 1024
FEATURE_RATE = 30.0


def twin_clips(root: Path, settings: TwinSettings) -> pd.DataFrame:
    """Draw the AI4Pain twin into a data root; return its labelled clips."""
    write_twin("ai4pain", root, settings, lambda frames: None)
    task = load_task(TASK)
    return label_clips(task, read_index(task.dataset, root, root / "cache"), "majority")


def twin_faces(root: Path, settings: TwinSettings, size: int) -> pd.DataFrame:
    """Draw the AI4Pain twin and find its faces; return the labelled clips with the columns of `compute_faces`."""
    clips = twin_clips(root, settings)
    faces = compute_faces(clips, root, FaceSettings(size=size), root / "cache")
    return clips.drop(columns=["num_frames", "fps"]).assign(**faces.drop(columns="clip"))


def untrained(size: int, backbone: str = "vgg16") -> Origin:
    """Return a network with random weights: what it computes takes as long as with trained ones."""
    return built_origin("untrained", backbone, Preprocessing(size=size))


def random_features(cache: Path, clips: int, frames: int) -> pd.DataFrame:
    """Write random features of clips to the cache; return the clips as heads take them, three classes in turn."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(clips):
        path = features_path(cache, f"{number:016x}")
        write_features(path, random.normal(size=(frames, DIMENSION)).astype(np.float16))
        rows.append({"subject": str(number), "clip": str(number), "features": str(path), "y": number % CLASSES})
    table = pd.DataFrame(rows).assign(dataset="ai4pain", rate=FEATURE_RATE, row=-1, stretch_rows=-1)
    return table.assign(sampling=[partial(np.arange, frames)] * clips).astype({"y": "Int64"})


def head_experiment(kind: str, fps: float, seconds: float, epochs: int) -> Experiment:
    """Return the shipped AI4Pain experiment of a head (`ann` or `lstm`), for features and windows of another length."""
    changes = {
        "features": {"fps": fps},
        "window": {"seconds": seconds},
        "training": {"epochs": epochs, "patience": None},
        "faces": {"detector": "mediapipe"},
    }
    return load_experiment(EXPERIMENTS / f"ai4pain-{kind}.yaml", changes)
