"""Workspaces of finished runs, made without a training."""

from pathlib import Path

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import write_text
from transferpain.experiments.run_folder import RunFolder
from transferpain.models.bundles.manifest import write_manifest

NO_HASH = "0" * 64


def make_run(workspace: Path, name: str, *, source=("untrained", NO_HASH), subjects=10, **options) -> Path:
    """Write a finished run with a model; `options` are those of `draw_predictions` and `write_run`."""
    skill, seeds = options.pop("skill", 0.6), options.pop("seeds", (0,))
    predictions = draw_predictions((2, 2, 2), subjects=subjects, skill=skill, seeds=seeds)
    folder = write_run(workspace / "runs", name, predictions, **options)
    facts = read_stamped(folder / "facts.json")
    folds = sorted((folder / "folds").iterdir())
    stated = {"source": {"name": source[0], "hash": source[1]}, "folds": [fold.name for fold in folds]}
    write_stamped(folder / "facts.json", facts | stated)
    make_model(folder / "model", parents=[source[1]] if source[1] != NO_HASH else [])
    RunFolder(folder).finish(["experiment.yaml", "facts.json", "environment.json", "metrics.json"], folds)
    return folder


def seal_anew(folder: Path, name: str, content: bytes) -> Path:
    """Let a finished run hold a file of this content, as if it had been written so."""
    (folder / name).write_bytes(content)
    stated = ["experiment.yaml", "facts.json", "environment.json", "metrics.json", name]
    RunFolder(folder).finish(dict.fromkeys(stated), sorted((folder / "folds").iterdir()))
    return folder


def make_model(folder: Path, parents=(), original=None) -> str:
    """Write what a model's manifest states of it, and return its digest; the files are none that could be loaded."""
    for name in ("model.keras", "preprocess.json", "labels.json"):
        write_text(folder / name, folder.parent.name)
    facts = {"synthetic": True, "weights_hash": NO_HASH, "versions": {}, "experiment": "made", "parents": [*parents]}
    return write_manifest(folder, facts | ({"original": original} if original else {}))
