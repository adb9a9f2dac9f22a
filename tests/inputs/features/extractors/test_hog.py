import numpy as np
import pytest
from pydantic import ValidationError

from transferpain.inputs.features.extractors.hog import Hog, HogSettings


def features_of(settings: HogSettings, grey: np.ndarray) -> np.ndarray:
    (features,) = Hog(settings).open("float32")(np.repeat(grey[None, ..., None], 3, axis=-1))
    return features


@pytest.mark.parametrize(
    ("settings", "length"),
    [
        ({}, 7 * 7 * 4 * 9),  # overlapping blocks of 2x2 cells in 8x8 cells
        ({"block": 1}, 8 * 8 * 9),
        ({"pixels": 32, "cell": 8, "block": 4, "orientations": 6}, 16 * 6),
        ({"pixels": 128}, 15 * 15 * 4 * 9),
    ],
)
@pytest.mark.parametrize("size", [48, 64, 101])
def test_its_length_is_that_of_its_blocks_whatever_the_size_of_a_face(settings, length, size):
    chosen = HogSettings(**settings)
    grey = np.random.default_rng(0).integers(0, 256, (size, size)).astype(np.uint8)
    assert len(Hog(chosen).names) == Hog(chosen).width == length
    assert features_of(chosen, grey).shape == (length,)


def test_a_flat_face_has_no_edges():
    assert not features_of(HogSettings(), np.full((64, 64), 90, np.uint8)).any()


@pytest.mark.parametrize("size", [64, 96])
def test_edges_stand_in_the_bin_of_their_direction(size):
    ramp = np.tile(np.linspace(0, 255, size).astype(np.uint8), (size, 1))
    across = features_of(HogSettings(block=1), ramp).reshape(-1, 9)
    down = features_of(HogSettings(block=1), ramp.T).reshape(-1, 9)
    assert (across.argmax(axis=1) == 0).all()  # brightness grows to the right: 0 degrees
    assert (down.argmax(axis=1) == 4).all()  # downwards: 90 of 180 degrees
    np.testing.assert_allclose(across.max(axis=1), 1, atol=1e-3)


def test_brighter_light_changes_little():
    grey = np.random.default_rng(0).integers(0, 100, (64, 64)).astype(np.uint8)
    np.testing.assert_allclose(features_of(HogSettings(), grey), features_of(HogSettings(), 2 * grey), atol=1e-3)


def test_names_are_in_the_order_of_the_features():
    names = Hog(HogSettings()).names
    assert names[0] == "orientation 1 of 9, cell 1-1 of block 1-1"
    assert names[9] == "orientation 1 of 9, cell 1-2 of block 1-1"
    assert names[36] == "orientation 1 of 9, cell 1-1 of block 1-2"
    corner = np.zeros((64, 64), np.uint8)
    corner[3:5, 3:5] = 255
    seen = {name for name, value in zip(names, features_of(HogSettings(), corner), strict=True) if value}
    assert {name.split(", ")[1] for name in seen} == {"cell 1-1 of block 1-1"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"pixels": 65}, "cell: a face has a whole number"),
        ({"pixels": 8, "cell": 8, "block": 2}, "cell: a face has a whole number"),
        ({"pixels": 512}, "pixels"),
        ({"orientations": 1}, "orientations"),
        ({"cell": True}, "cell"),
    ],
)
def test_wrong_settings_are_refused(wrong, named):
    with pytest.raises(ValidationError, match=named):
        HogSettings(**wrong)
