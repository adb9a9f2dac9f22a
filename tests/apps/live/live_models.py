"""A model for live mode, small enough for a test."""

from pathlib import Path

import keras
import numpy as np

from transferpain.models.bundles.bundle import save_bundle

SIZE = 32
PREPROCESSING = {"size": SIZE, "scaling": "unit"}
LABELS = ("none", "weak", "strong")


def save_live_model(folder: Path, synthetic: bool = True, detector: str = "mediapipe") -> Path:
    """Save a bundle that answers by the mean red, green and blue of the face."""
    images = keras.Input((SIZE, SIZE, 3), name="images")
    x = keras.layers.GlobalAveragePooling2D(name="gap")(images)
    x = keras.layers.Dense(3, name="logits")(x)
    probabilities = keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
    model = keras.Model(images, probabilities, name="colours")
    model.get_layer("logits").set_weights([np.eye(3) * 10, np.zeros(3)])
    save_bundle(folder, model, PREPROCESSING | {"detector": detector}, LABELS, {"synthetic": synthetic})
    return folder
