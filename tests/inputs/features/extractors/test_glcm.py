"""Haralick, Shanmugam and Dinstein, Textural Features for Image Classification (1973), figure 3, and what follows."""

import numpy as np
import pytest
from pydantic import ValidationError
from skimage.feature import graycoprops

from transferpain.inputs.features.extractors.glcm import PROPERTIES, Glcm, GlcmSettings, count_neighbours

PICTURE = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]], np.uint8)
MATRICES = {
    0: [[4, 2, 1, 0], [2, 4, 0, 0], [1, 0, 6, 1], [0, 0, 1, 2]],
    45: [[4, 1, 0, 0], [1, 2, 2, 0], [0, 2, 4, 1], [0, 0, 1, 0]],
    90: [[6, 0, 2, 0], [0, 4, 2, 0], [2, 2, 2, 2], [0, 0, 2, 0]],
    135: [[2, 1, 3, 0], [1, 2, 1, 0], [3, 1, 0, 2], [0, 0, 2, 0]],
}
# Of the first matrix, by hand: 24 pairs; levels have the mean 31/24 and the variance 599/576.
BY_HAND = {
    "contrast": 14 / 24,
    "correlation": 431 / 599,
    "energy": np.sqrt(84) / 24,
    "homogeneity": 19.4 / 24,
    "dissimilarity": 10 / 24,
}
WHOLE = {"rows": 1, "columns": 1}


def named(settings: GlcmSettings, grey: np.ndarray) -> dict[str, float]:
    """Return name -> feature of a grey picture."""
    extractor = Glcm(settings)
    (features,) = extractor.open("float32")(np.repeat(grey[None, ..., None], 3, axis=-1))
    return dict(zip(extractor.names, features.tolist(), strict=True))


@pytest.mark.parametrize(("column", "degrees"), enumerate(MATRICES))
def test_the_matrices_are_those_of_the_paper(column, degrees):
    assert count_neighbours(PICTURE, 4, [1])[:, :, 0, column].tolist() == MATRICES[degrees]


def test_properties_are_those_computed_by_hand():
    counts = count_neighbours(PICTURE, 4, [1])
    for name, value in BY_HAND.items():
        assert graycoprops(counts, name)[0, 0] == pytest.approx(value, abs=1e-12)
    # 64 grey values make one of four levels.
    found = named(GlcmSettings(levels=4, distances=[1], **WHOLE), PICTURE * 64 + 63)
    for name, value in BY_HAND.items():
        assert found[f"{name}, distance 1, 0 degrees, face"] == pytest.approx(value, abs=1e-6)


def test_a_distance_is_as_long_in_every_direction():
    """Only pairs that many rows and columns apart count: a diagonal of 2 pixels is not one of 1."""
    for distance in (1, 2, 3, 4, 7, 11):
        size = 30
        counts = count_neighbours(np.zeros((size, size), np.uint8), 2, [distance])[0, 0, 0]
        straight, diagonal = size * (size - distance), (size - distance) ** 2
        assert counts.tolist() == [2 * straight, 2 * diagonal, 2 * straight, 2 * diagonal]


def test_each_direction_sees_its_own_stripes():
    stripes = np.zeros((24, 24), np.uint8)
    stripes[:, ::2] = 255
    found = named(GlcmSettings(levels=2, distances=[1, 2], **WHOLE), stripes)
    contrast = {key[10:]: value for key, value in found.items() if key.startswith("contrast")}
    assert contrast["distance 1, 0 degrees, face"] == contrast["distance 1, 45 degrees, face"] == 1
    assert contrast["distance 1, 90 degrees, face"] == contrast["distance 2, 0 degrees, face"] == 0
    assert contrast["distance 2, 45 degrees, face"] == contrast["distance 2, 135 degrees, face"] == 0


def test_a_flat_face_is_wholly_correlated_and_has_no_contrast():
    found = named(GlcmSettings(), np.full((48, 48), 200, np.uint8))
    expected = dict(zip(PROPERTIES, (0, 1, 1, 1, 0), strict=True))
    assert all(value == expected[name.split(",")[0]] for name, value in found.items())


def test_a_region_is_described_by_itself():
    grey = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    other = grey.copy()
    other[2:8, 2:8] = 128  # in the first of 3x2 regions
    one, two = named(GlcmSettings(), grey), named(GlcmSettings(), other)
    changed = {name.split(", ")[-1] for name in one if one[name] != two[name]}
    assert changed == {"face", "row 1 column 1"}


def test_as_many_features_as_regions_properties_distances_and_directions():
    assert Glcm(GlcmSettings()).width == 7 * 5 * 3 * 4
    assert Glcm(GlcmSettings()).names[:5] == (
        "contrast, distance 1, 0 degrees, face",
        "contrast, distance 1, 45 degrees, face",
        "contrast, distance 1, 90 degrees, face",
        "contrast, distance 1, 135 degrees, face",
        "contrast, distance 2, 0 degrees, face",
    )


def test_every_level_that_is_allowed_fits_the_cache():
    stripes = np.zeros((24, 24), np.uint8)
    stripes[:, ::2] = 255
    features = named(GlcmSettings(levels=256), stripes)
    assert max(features.values()) == 255**2 <= np.finfo(np.float16).max


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": 1},
        {"levels": 257},
        {"levels": True},
        {"levels": 16.0},
        {"distances": []},
        {"distances": [0]},
        {"distances": [2, 2]},
        {"distances": [True]},
        {"rows": 0},
        {"columns": 9},
        {"angles": [0]},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        GlcmSettings(**wrong)
