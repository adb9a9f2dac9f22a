"""A matrix small enough for a test: 32-pixel faces, an untrained source, one epoch or two."""

from pathlib import Path

import yaml

from tests.small_study import TINY, write_small_study
from transferpain.experiments.matrix.cells import Cell, expand
from transferpain.experiments.matrix.settings import load_matrix

UNTRAINED = {"source": "untrained"}
ANN = {"ann": {"experiment": "matrix-ann"}}
MATRIX = {
    "matrix": "small-matrix",
    "title": "Small",
    "question": "Does everything run?",
    "set": TINY | {"backbone": "squeezenet", "features": {"frames": 6}, "window": {"seconds": 0.5}, "seeds": [0]},
    "transfer": [
        {
            "sources": {"untrained": UNTRAINED},
            "targets": {"biovid": {"task": "biovid-bl1-pa4"}, "ai4pain": {"task": "ai4pain-three"}},
            "heads": ANN,
        }
    ],
    "cross_dataset": [
        {
            "task": "cross-binary",
            "trained_on": {"biovid": UNTRAINED},
            "tested_on": ["biovid", "ai4pain"],
            "heads": ANN,
        }
    ],
}
NAMES = ("untrained-to-biovid-ann", "untrained-to-ai4pain-ann", "biovid-on-biovid-ann", "biovid-on-ai4pain-ann")


def write_matrix(folder: Path, **changes) -> Path:
    """Write the matrix with changes beside copies of the shipped experiments; return its file."""
    write_small_study(folder)
    path = folder / "small-matrix.yaml"
    path.write_text(yaml.safe_dump(MATRIX | changes, sort_keys=False), encoding="utf-8")
    return path


FEW_PICTURES = {"features": {"frames": 6}, "window": {"frames": 8}}
TINY_SOURCE = {"faces": {"size": 32}, "images": {"every": 8, "test_every": 8}, "training": {"epochs": 1}}
MINTPAIN = {"source": "mintpain-vgg16", "source_set": TINY_SOURCE | {"faces": {"detector": "mediapipe", "size": 32}}}
# A dataset without an official split among the targets and the sources; two groups, so that little is trained.
TINY_GRID = {
    "set": TINY | FEW_PICTURES | {"seeds": [0]},
    "transfer": [
        {
            "sources": {"untrained": UNTRAINED, "mintpain-vgg16": MINTPAIN},
            "targets": {
                "biovid": {"task": "biovid-bl1-pa4"},
                "mintpain": {"task": "mintpain-five"},
                "unbc": {"task": "cross-binary"},
            },
            "heads": ANN,
        }
    ],
    "cross_dataset": [
        {
            "task": "cross-binary",
            "trained_on": {"biovid": {"source": "biovid-vgg16"}, "mintpain": MINTPAIN},
            "tested_on": ["biovid", "mintpain"],
            "heads": ANN,
        }
    ],
}


def grouped_cells(folder: Path, **changes) -> list[Cell]:
    """Return the cells of a small matrix under grouped folds."""
    path = write_matrix(folder, protocol="grouped", folds=2, **TINY_GRID | changes)
    return expand(load_matrix(path), folder, {})
