"""Bundles of networks on pictures, small enough for a test."""

from pathlib import Path

import keras
import numpy as np

from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(size=32, margin=0.25)


def small_network(classes: int = 2, seed: int = 3) -> keras.Model:
    """Return an untrained network on pictures whose answers differ from face to face."""
    images = keras.Input((PREPROCESSING.size, PREPROCESSING.size, 3), name="images")
    initializer = keras.initializers.HeNormal(seed=seed)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu", kernel_initializer=initializer, name="conv")(images)
    x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
    x = keras.layers.Dense(classes, kernel_initializer=initializer, name="logits")(x)
    model = keras.Model(images, keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x))
    kernel, bias = model.get_layer("logits").get_weights()
    # A grey face has even odds, which any other face moves.
    grey = keras.Model(images, model.get_layer("gap").output).predict(0.5 * np.ones((1, *images.shape[1:])), verbose=0)
    model.get_layer("logits").set_weights([6 * kernel, bias - (6 * grey @ kernel)[0]])
    return model


def save_network(folder: Path, labels: tuple[str, ...] = ("no pain", "pain"), synthetic: bool = True) -> Path:
    """Save a bundle of `small_network`."""
    facts = {"synthetic": synthetic, "experiment": "small", "task": "test"}
    save_bundle(folder, small_network(len(labels)), PREPROCESSING.model_dump(), labels, facts)
    return folder
