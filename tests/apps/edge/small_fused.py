"""A fused network on top of a small one, as a bundle."""

from pathlib import Path

import keras

from tests.apps.explain.small_models import SIZE, small_model
from transferpain.models.bundles.bundle import save_bundle
from transferpain.strategies.fused.network import build_fusion
from transferpain.strategies.fused.settings import FusionSettings

LABELS = ("none", "weak", "strong")


def small_fused(fusion: str = "dense", axis: str = "time") -> keras.Model:
    """Return El-Ghaish's network with two small convolutions in place of VGG16's, and a short window."""
    return build_fusion(small_model(2), settings(fusion, axis), len(LABELS), seed=0)


def settings(fusion: str, axis: str) -> FusionSettings:
    """Return what a run's bundle says of such a network."""
    return FusionSettings(fusion=fusion, axis=axis, frames=3)


def save_small_fused(folder: Path, fusion: str = "dense", axis: str = "time") -> Path:
    """Save it as a bundle, and return its folder."""
    preprocessing = {"size": SIZE, "scaling": "symmetric", "detector": "mediapipe"}
    facts = {"synthetic": True, "fusion": settings(fusion, axis).model_dump()}
    save_bundle(folder, small_fused(fusion, axis), preprocessing, LABELS, facts)
    return folder
