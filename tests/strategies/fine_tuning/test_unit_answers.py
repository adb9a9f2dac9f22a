"""What a network says of units in the test part: in the order of the frames, on the coder's scale."""

import keras
import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import Fold
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.strategies.common.network import FittedUnits, Shown
from transferpain.strategies.common.pictures import Pictures
from transferpain.strategies.common.units import CodedUnits, ShownUnits
from transferpain.strategies.fine_tuning.unit_answers import unit_files

SIZE = 32
N = np.nan
# Frames of each clip and their brightness; the second frame of the first shows no face.
BRIGHT = {"a": [51, None, 102], "b": [255], "c": [None]}


def brightness_network() -> keras.Model:
    """A network that answers twice how bright a picture is, 0 to 1, divided among both units."""
    images = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.GlobalAveragePooling2D()(images)
    kernel = np.tile([[1 / 3, 1 / 6]], (3, 1))
    return keras.Model(
        images, keras.layers.Dense(2, use_bias=False, kernel_initializer=keras.initializers.Constant(kernel))(x)
    )


def shown() -> Shown:
    def tested(position: int):
        values = list(BRIGHT.values())[position]
        found = np.array([value is not None for value in values])
        images = [np.full((SIZE, SIZE), value, np.uint8) for value in values if value is not None]
        return np.arange(len(values)), found, np.array(images, np.uint8).reshape(-1, SIZE, SIZE)

    samples = pd.DataFrame({"dataset": "own", "subject": ["p", "p", "q"], "clip": list(BRIGHT)})
    frames = pd.MultiIndex.from_tuples([("a", 0), ("a", 1), ("a", 2), ("b", 0)])
    coded = np.array([[1.0, 0], [2, 1], [N, N], [5, 1]])
    units = CodedUnits((4, 43), coded, frames, samples["clip"].to_numpy(object), np.zeros(3, np.int64))
    pictures = Pictures(lambda positions: None, tested, np.zeros((3, 2), np.float32))
    return Shown(samples, pictures, Preprocessing(size=SIZE), ShownUnits(units, 0.25, "gap"))


def test_each_tested_frame_has_what_was_coded_and_what_is_answered():
    taught = np.array([[0.2, N], [0.4, N], [0.4, N]], np.float32)
    fold = Fold("fold0", np.array([0]), np.array([0]), np.array([2, 0, 1]))
    files = unit_files(FittedUnits(brightness_network(), taught), shown(), (fold, 7))
    table = files["units.parquet"]
    assert table[["clip", "frame"]].to_numpy().tolist() == [["c", 0], ["a", 0], ["a", 1], ["a", 2], ["b", 0]]
    assert set(table["fold"]) == {"fold0"}
    assert set(table["seed"]) == {7}
    np.testing.assert_array_equal(table["au4"], np.float32([N, 1, 2, N, 5]))
    np.testing.assert_array_equal(table["au43"], np.float32([N, 0, 1, N, 1]))
    np.testing.assert_allclose(table["au4_predicted"], [N, 1, N, 2, 5], rtol=1e-5)
    np.testing.assert_allclose(table["au43_predicted"], [N, 0.1, N, 0.2, 0.5], rtol=1e-5)
    assert files["units.json"] == {
        "weight": 0.25,
        "of": [4, 43],
        "taught": {"4": {"pictures": 3, "values": 2}, "43": {"pictures": 0, "values": 0}},
    }
