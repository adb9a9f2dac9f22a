"""A matrix small enough for a test: 32-pixel faces, an untrained source, one epoch or two."""

from pathlib import Path

import yaml

from tests.small_study import TINY, write_small_study

UNTRAINED = {"source": "untrained"}
ANN = {"ann": {"experiment": "matrix-ann"}}
MATRIX = {
    "matrix": "small-matrix",
    "title": "Small",
    "question": "Does everything run?",
    "set": TINY | {"features": {"frames": 6}, "window": {"seconds": 0.5}, "seeds": [0]},
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
