import keras
import numpy as np
import pandas as pd
import pytest

from tests.apps.explain.test_grad_cam import patches, small_network
from transferpain.apps.explain.regions import REGIONS
from transferpain.apps.explain.shares import (
    AREAS,
    PLACES,
    SIMILARITY,
    Maps,
    class_shares,
    compute_maps,
    picture_shares,
    shown_by_default,
)

SIZE = 64


def mesh_with_corners() -> np.ndarray:
    """Return a mesh whose regions are four quarters' squares of 17x17 pixels, far from each other."""
    points = np.zeros((478, 2))
    corners = {"brow": (4, 4), "eye": (40, 4), "nose": (4, 40), "mouth": (40, 40)}
    for name, polygons in REGIONS.items():
        left, top = corners[name]
        for polygon in polygons:
            square = [(left, top), (left + 16, top), (left + 16, top + 16), (left, top + 16)]
            for number, point in enumerate(polygon):
                points[point] = square[number % 4]
    # Points that two regions share belong to the one that was written last; this one is written whole again.
    for number, point in enumerate(REGIONS["mouth"][0]):
        points[point] = [(40, 40), (56, 40), (56, 56), (40, 56)][number % 4]
    return points


def maps_of(cams: np.ndarray) -> Maps:
    count = len(cams)
    return Maps(np.zeros(count, int), np.ones((count, 2), np.float32), cams.astype(np.float32), np.zeros(count))


def test_maps_are_for_what_the_model_answers_and_in_the_pictures_size():
    maps = compute_maps(small_network(), [patches()], "maps")
    assert maps.answered.tolist() == [0, 1]
    assert maps.cams.shape == (2, 8, 8)
    assert (maps.cams[0, :4, :4] == 1).all()
    assert maps.cams[1, :4, :4].min() == 1
    assert maps.similarity.shape == (2,)
    np.testing.assert_allclose(maps.probabilities.sum(axis=1), 1, rtol=1e-6)


def test_batches_do_not_matter():
    images = np.random.default_rng(0).random((19, 8, 8, 3), dtype=np.float32)
    whole, part = compute_maps(small_network(), [images], "maps"), compute_maps(small_network(), [images[16:]], "maps")
    np.testing.assert_allclose(whole.cams[16:], part.cams, atol=1e-6)


def test_the_last_layer_with_maps_is_the_last_before_pooling():
    assert shown_by_default(small_network()) == "maps"
    images = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, name="first")(images)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3, name="second")(x))
    assert shown_by_default(keras.Model(images, keras.layers.Dense(2, name="logits")(x))) == "second"


def test_a_map_on_the_mouth_is_told_from_one_elsewhere():
    cams = np.zeros((4, SIZE, SIZE))
    cams[0, 40:57, 40:57] = 0.7
    cams[1, 60:, :3] = 1.0
    cams[3] = 1.0
    points = np.array([mesh_with_corners(), mesh_with_corners(), mesh_with_corners(), np.full((478, 2), np.nan)])
    table = picture_shares(maps_of(cams), points)
    assert list(table.columns) == [*PLACES, *AREAS, SIMILARITY]
    assert table["mouth"][0] == pytest.approx(1)
    assert table["elsewhere"][1] == pytest.approx(1)
    assert table.loc[2, list(PLACES)].isna().all()  # a map that is 0 all over
    assert table.loc[2, list(AREAS)].sum() == pytest.approx(1)
    assert table.loc[3, [*PLACES, *AREAS]].isna().all()  # no mesh
    assert table["area_mouth"][0] == pytest.approx(17 * 17 / SIZE**2)


def test_classes_are_means_of_their_pictures_and_one_that_was_never_answered_has_none():
    table = pd.DataFrame(0.0, index=range(3), columns=[*PLACES, *AREAS, SIMILARITY])
    table["brow"] = [0.2, 0.4, np.nan]
    table[SIMILARITY] = [0.1, 0.3, 0.8]
    table["answered"] = ["pain", "pain", "pain"]
    classes = class_shares(table, ("none", "pain")).set_index("class")
    assert classes.loc["pain", ["pictures", "used"]].tolist() == [3, 2]
    assert classes.loc["pain", "brow"] == pytest.approx(0.3)
    assert classes.loc["pain", SIMILARITY] == pytest.approx(0.4)
    assert classes.loc["none", ["pictures", "used"]].tolist() == [0, 0]
    assert np.isnan(classes.loc["none", "brow"])
