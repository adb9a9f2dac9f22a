"""Forgetting: tuned layers are put back into the source, and its own task is scored again."""

import keras
import numpy as np
import pandas as pd

from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.strategies.common.pictures import still_pictures
from transferpain.strategies.fine_tuning.forgetting import SourceTask, measure_forgetting, put_back

SIZE = 32
CLASSES = ("dark", "bright")


def network(gain: float, outputs: int = 2, names=("gap", "embedding", "logits")) -> keras.Model:
    """Answer `bright` for pictures above half brightness, if `gain` is above 0, and the opposite if it is below."""
    images = keras.Input((SIZE, SIZE, 3), name="images")
    x = keras.layers.GlobalAveragePooling2D(name="gap")(images)
    if "embedding" in names:
        x = keras.layers.Dense(1, name="embedding")(x)
    x = keras.layers.Dense(outputs, name="logits")(x)
    model = keras.Model(images, keras.layers.Activation("softmax", name="probabilities")(x))
    if "embedding" in names:
        model.get_layer("embedding").set_weights([np.full((3, 1), gain), np.array([-1.5 * gain])])
        sides = np.linspace(-1, 1, outputs)[None]
        model.get_layer("logits").set_weights([sides, np.zeros(outputs)])
    return model


def source_task() -> SourceTask:
    images = np.repeat(np.array([20, 60, 200, 230, 90, 250], np.uint8), SIZE * SIZE).reshape(6, SIZE, SIZE)
    y = pd.array([0, 0, 1, 1, 0, 1], dtype="Int64")
    samples = pd.DataFrame({"dataset": "drawn", "subject": range(6), "clip": range(6), "y": y})
    targets = np.eye(2, dtype=np.float32)[samples["y"].to_numpy(int)]
    pictures = still_pictures(images, np.arange(6), targets)
    return SourceTask(
        network(1.0), Preprocessing(size=SIZE), CLASSES, samples, pictures, np.array([0, 2]), np.array([1, 3, 4, 5])
    )


def test_tuned_layers_that_turn_the_embedding_round_lose_the_source_task():
    table = measure_forgetting(source_task(), network(-1.0, outputs=7))
    assert table["tuned"].tolist() == [False, True]
    assert table["accuracy"].tolist() == [1.0, 0.0]
    assert table["balanced_accuracy"].tolist() == [1.0, 0.0]
    assert table["rows"].tolist() == [4, 4]


def test_an_untouched_network_forgets_nothing():
    assert measure_forgetting(source_task(), network(1.0, outputs=7))["accuracy"].tolist() == [1.0, 1.0]


def test_what_the_tuned_network_lacks_and_the_output_stay_those_of_the_source():
    source = network(1.0)
    for tuned, embedding in (
        (network(-2.0, outputs=7), -2.0),
        (network(-2.0, outputs=7, names=("gap", "logits")), 1.0),
    ):
        model = put_back(source, tuned)
        assert model.output_shape == (None, 2)
        np.testing.assert_array_equal(model.get_layer("embedding").get_weights()[0], np.full((3, 1), embedding))
        np.testing.assert_array_equal(model.get_layer("logits").get_weights()[0], [[-1, 1]])
    np.testing.assert_array_equal(source.get_layer("embedding").get_weights()[0], np.ones((3, 1)))
