"""Complete bundles, as a finished run keeps them, without a run."""

from pathlib import Path

from tests.evaluation.drawn import draw_predictions
from tests.models.bundles.bundles import LABELS, small_model
from transferpain.core.store import json_text
from transferpain.data.datasets.registry import DATASETS
from transferpain.evaluation.scores import score
from transferpain.experiments.kept_model import shared_metrics
from transferpain.models.bundles.bundle import extend_bundle, save_bundle
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.manifest import load_manifest
from transferpain.models.bundles.probe import make_probe
from transferpain.models.bundles.terms import Terms
from transferpain.models.sources.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(size=32, detector="mediapipe", margin=0.25).model_dump()


def terms_for(name: str, synthetic: bool) -> dict:
    """Return a known dataset's terms as a manifest holds them."""
    dataset = DATASETS[name]
    facts = {key: getattr(dataset, key) for key in Terms.model_fields if key not in ("dataset", "synthetic")}
    return Terms(dataset=name, synthetic=synthetic, **facts).model_dump()


def drawn_metrics(labels: tuple[str, ...] = LABELS, subjects: int = 6) -> dict:
    """Return the content of a `metrics.json` of random predictions."""
    predictions = draw_predictions((4,) * len(labels), subjects=subjects)
    return shared_metrics(score(predictions, labels)) | {"predictions_sha256": "a" * 64}


def facts_for(dataset: str, synthetic: bool, **changes) -> dict:
    """Return what the manifest of a model states that was trained on a dataset, or on its twin."""
    return {
        "experiment": f"{dataset}-small",
        "task": "pain",
        "backbone": "vgg16",
        "strategy": "frozen",
        "fold": "test",
        "seed": 0,
        "index": "0" * 16,
        "dataset": dataset,
        "start": "untrained",
        "synthetic": synthetic,
        "parents": [],
        "terms": [terms_for(dataset, synthetic)],
        "commit": "0123456",
    } | changes


def save_complete(folder: Path, dataset: str = "ferplus", synthetic: bool = False, seed: int = 0, **changes) -> Path:
    """Save a complete bundle of a small model; `changes` replace facts."""
    facts = facts_for(dataset, synthetic, **changes)
    scratch = folder.with_name(f"{folder.name}-fold")
    model, metrics = small_model(seed), drawn_metrics()
    save_bundle(scratch, model, PREPROCESSING, LABELS, facts)
    files = {
        "experiment.yaml": f"name: {facts['experiment']}\n".encode(),
        "metrics.json": json_text(metrics).encode(),
        "probe.npz": make_probe(model),
        "README.md": render_card(load_manifest(scratch), metrics, list(LABELS), PREPROCESSING).encode(),
    }
    extend_bundle(scratch, folder, files, {})
    for file in scratch.iterdir():
        file.unlink()
    scratch.rmdir()
    return folder
