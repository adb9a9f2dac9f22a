"""Bundles of three models, small enough for a test: the trees were fitted on numbers drawn at random."""

from pathlib import Path

import keras
import numpy as np

from transferpain.inputs.action_units.measures import MESH, measures_hash, shipped_measures
from transferpain.inputs.action_units.units import MAXIMA, UNITS
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.strategies.hybrid.bundle import HybridFacts, save_models
from transferpain.strategies.hybrid.models import FaceMeasurements, FittedModels, fit_models
from transferpain.strategies.hybrid.settings import BoostingSettings

SETTINGS = BoostingSettings(learning_rates=(0.1,), estimators=(20,), depths=(2,), columns="sqrt", folds=2)
PEOPLE, ROWS = 6, 30


def draw_models(width: int, largest: float = 1.0) -> FittedModels:
    """Fit classifiers on an embedding of `width` columns, 0 to `largest`, and on action units that rise with pain."""
    random = np.random.default_rng(0)
    number = PEOPLE * ROWS
    is_pain = random.random(number) < 0.4
    units = MAXIMA * np.clip(random.random((number, len(UNITS))) * 0.6 + 0.3 * is_pain[:, None], 0, 1)
    embedding = largest * np.clip(random.random((number, width)) * 0.7 + 0.3 * is_pain[:, None], 0, 1)
    faces = FaceMeasurements(units, embedding, np.clip(0.4 * random.random(number) + 0.5 * is_pain, 0, 1))
    people = np.repeat(np.arange(PEOPLE), ROWS)
    return fit_models(faces, is_pain, people, SETTINGS, seed=0)


def save_hybrid(folder: Path, network: keras.Model, preprocessing: Preprocessing, embedding: str = "gap") -> Path:
    """Save a bundle of three models over a network with two outputs."""
    fitted = draw_models(network.get_layer(embedding).output.shape[-1])
    thresholds = {name: one.value for name, one in fitted.thresholds.items()}
    stated = HybridFacts(
        embedding=embedding,
        units=UNITS,
        estimator=MESH.name,
        thresholds=thresholds,
        measures={number: one.measure for number, one in shipped_measures().items()},
        measures_hash=measures_hash(),
    )
    facts = {"synthetic": True, "experiment": "small", "task": "test"}
    save_bundle(folder, network, preprocessing.model_dump(), ("no pain", "pain"), facts)
    save_models(fitted, stated, folder)
    return folder
