"""A study small enough for a test: the shipped experiment files on tiny twins, 32-pixel faces, one or two epochs.

Its networks are SqueezeNets, of which a twentieth of VGG16's weights have to be drawn, saved and hashed.
"""

from pathlib import Path

import yaml

from tests.command_line import EXPERIMENTS
from transferpain.experiments.schema import Experiment, load_experiment

CROSS = {"task": "cross-binary", "dataset": "biovid", "protocol": {"kind": "cross_dataset", "test_dataset": "ai4pain"}}
TINY = {"faces": {"detector": "mediapipe", "size": 32}, "training": {"epochs": 2, "checkpoint_seconds": 0}}
STUDY = {
    "study": "small",
    "title": "Small",
    "question": "Does everything run?",
    "twins": {
        "biovid": {"subjects": 9, "clips": 1, "seconds": 0.6},
        "ai4pain": {"subjects": 8, "clips": 1, "seconds": 0.5},
    },
    "data_root": "data",
    "set": TINY | {"backbone": "squeezenet", "features": {"fps": 10}, "window": {"seconds": 0.5}, "seeds": [0, 1]},
    "experiments": {
        "ann": {"experiment": "ai4pain-ann", "set": {"source": "small-biovid"}},
        "lstm": {"experiment": "ai4pain-lstm", "set": {"source": "untrained"}},
    },
    "comparisons": [{"better": "ann", "worse": "lstm"}],
}


def write_small_study(folder: Path) -> Path:
    """Write the study and its source beside copies of the shipped experiment files; return the study's file."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in EXPERIMENTS.glob("*.yaml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    source = {"base": "biovid-vgg16.yaml", "name": "small-biovid", "backbone": "squeezenet", **TINY}
    source["images"] = {"first_frame": 5, "every": 5, "test_every": 5}
    (folder / "small-biovid.yaml").write_text(yaml.safe_dump(source), encoding="utf-8")
    (folder / "small.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    return folder / "small.yaml"


def tiny(folder: Path, **changes) -> Experiment:
    """Load an ANN on AI4Pain, or what `changes` make of it, with an untrained source that reads 32 pixels."""
    values = {"source": "untrained", "faces": {"detector": "mediapipe", "size": 32}} | changes
    if values["source"] == "untrained":
        values = {"backbone": "squeezenet"} | values
    return load_experiment(folder / "ai4pain-ann.yaml", values)
