"""The bundle of a small network on pictures, with the experiment that names its data."""

from pathlib import Path

import keras
import yaml

from transferpain.data.tasks.task import load_task
from transferpain.experiments.schema import Experiment
from transferpain.models.bundles.bundle import extend_bundle, save_bundle

SIZE = 32


def small_model(classes: int) -> keras.Model:
    """Return a network with two convolutions, which answers at random."""
    keras.utils.set_random_seed(3)
    images = keras.Input((SIZE, SIZE, 3), name="images")
    x = keras.layers.Conv2D(8, 3, activation="relu", padding="same", name="block1_conv1")(images)
    x = keras.layers.MaxPooling2D(2, name="block1_pool")(x)
    x = keras.layers.Conv2D(16, 3, activation="relu", padding="same", name="block5_conv3")(x)
    x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
    x = keras.layers.Dense(8, activation="relu", name="embedding")(x)
    x = keras.layers.Dense(classes, name="logits")(x)
    return keras.Model(images, keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x))


def save_small_model(folder: Path, experiment: Experiment, fold: str = "", detector: str = "mediapipe") -> Path:
    """Save it as the model of a finished run: `folder/model`; returns that."""
    classes = load_task(experiment.task).classes
    preprocessing = {"size": SIZE, "scaling": "unit", "detector": detector}
    facts = {"synthetic": True, "experiment": experiment.name, "fold": fold}
    save_bundle(folder / "fold", small_model(len(classes)), preprocessing, classes, facts)
    text = yaml.safe_dump(experiment.resolved(), sort_keys=False)
    extend_bundle(folder / "fold", folder / "model", {"experiment.yaml": text.encode()}, {})
    return folder / "model"
