"""How long a matrix of 24 cells takes on two cores when its features are cached, and the call after it."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

from benchmarks.measure import Figure, main
from transferpain.data.places import Places
from transferpain.experiments.matrix.cells import expand
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.experiments.runner import extract_only
from transferpain.experiments.study import draw_twin

MATRIX = Path(__file__).parent / "matrix-24.yaml"
QUICK = {"features": {"frames": 4}, "training": {"epochs": 1}, "seeds": [0]}
QUICK_TWIN = {"subjects": 9, "seed": 0, "clips": 1, "seconds": 0.6}


def measure(folder: Path, quick: bool) -> dict:
    path = write_quick_matrix(folder / "benchmarks") if quick else MATRIX
    matrix = load_matrix(path)
    places = Places(folder / matrix.data_root, folder)
    for dataset, settings in matrix.twins.items():
        draw_twin(dataset, places.data_root, settings)
    cells = expand(matrix, path.parent, {})
    for part in (part for cell in cells for part in cell.parts):
        extract_only(part, path, places)
    seconds = {name: timed_call(path, folder) for name in ("first", "second")}
    figures = [
        Figure(f"{len(cells)} cells from cached features, report included", seconds["first"], "s", most=360),
        Figure("the second call", seconds["second"], "s", most=5),
    ]
    return {"figures": figures, "cells": len(cells)}


def timed_call(path: Path, workspace: Path) -> float:
    """Return the seconds of `transferpain matrix` in a process of its own, with two cells at a time."""
    program = Path(sys.executable).with_name("transferpain")
    started = time.monotonic()
    subprocess.run([program, "matrix", path, "--workspace", workspace, "--jobs", "2"], check=True, capture_output=True)
    return time.monotonic() - started


def write_quick_matrix(folder: Path) -> Path:
    """Write the matrix with two of its cells on tiny twins, beside copies of the experiments; return its file."""
    values = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
    shutil.copytree(MATRIX.parents[1] / "experiments", folder.parent / "experiments")
    (grid,) = values["transfer"]
    source = {"source": "untrained", "backbone": "squeezenet", "faces": {"detector": "mediapipe", "size": 32}}
    grid |= {"sources": {"squeezenet": source}}
    grid |= {"targets": {"biovid": grid["targets"]["biovid"]}}
    values |= {"twins": {"biovid": QUICK_TWIN}, "set": QUICK, "datasets": {}}
    folder.mkdir()
    path = folder / MATRIX.name
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path


if __name__ == "__main__":
    main("matrix", measure)
