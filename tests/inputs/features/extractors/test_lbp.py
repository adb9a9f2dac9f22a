import numpy as np
import pytest
from pydantic import ValidationError

from transferpain.inputs.features.extractors.lbp import Lbp, LbpSettings


def shares(settings: LbpSettings, grey: np.ndarray) -> np.ndarray:
    """Return the shares of the patterns by region, `(regions, points + 2)`."""
    (features,) = Lbp(settings).open("float32")(np.repeat(grey[None, ..., None], 3, axis=-1))
    return features.reshape(-1, settings.points + 2)


@pytest.mark.parametrize("value", range(0, 256, 15))
@pytest.mark.parametrize(("points", "radius"), [(8, 1), (8, 2), (16, 2), (24, 3)])
def test_in_a_flat_picture_every_neighbour_is_as_bright(value, points, radius):
    found = shares(LbpSettings(points=points, radius=radius), np.full((30, 30), value, np.uint8))
    assert found.shape == (7, points + 2)
    np.testing.assert_array_equal(found, np.eye(points + 2)[[points] * 7])


def test_patterns_of_a_step_are_those_counted_by_hand():
    """Left of the step a pixel's neighbours are all as bright; right of it, one column looks into the dark."""
    grey = np.zeros((12, 12), np.uint8)
    grey[:, 6:] = 200
    (found,) = shares(LbpSettings(rows=1, columns=1), grey)
    expected = np.zeros(10)
    expected[8] = 9 / 10  # of the ten columns within the edge
    expected[5] = 1 / 10  # above, below and the three to the right
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_bright_point_has_no_neighbour_as_bright():
    grey = np.zeros((12, 12), np.uint8)
    grey[6, 6] = 255
    (found,) = shares(LbpSettings(rows=1, columns=1), grey)
    assert found[0] == pytest.approx(1 / 100)
    assert found[8] == pytest.approx(99 / 100)


def test_patterns_do_not_change_with_rotation_by_a_quarter():
    grey = np.random.default_rng(0).integers(0, 256, (30, 30)).astype(np.uint8)
    settings = LbpSettings(rows=1, columns=1)
    np.testing.assert_allclose(shares(settings, grey), shares(settings, np.rot90(grey)), atol=1e-6)


def test_shares_of_a_region_add_up_to_one_and_are_its_own():
    grey = np.random.default_rng(0).integers(0, 256, (32, 32)).astype(np.uint8)
    other = grey.copy()
    other[2:6, 2:6] = 128
    one, two = shares(LbpSettings(), grey), shares(LbpSettings(), other)
    np.testing.assert_allclose(one.sum(axis=1), 1, rtol=1e-6)
    assert (one != two).any(axis=1).tolist() == [True, True, *[False] * 5]


def test_names_are_in_the_order_of_the_features():
    names = Lbp(LbpSettings()).names
    assert names[0] == "0 of 8 as bright, face"
    assert names[8:11] == ("8 of 8 as bright, face", "not uniform, face", "0 of 8 as bright, row 1 column 1")


@pytest.mark.parametrize("wrong", [{"points": 3}, {"points": 25}, {"radius": 0}, {"radius": 1.5}, {"rows": True}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        LbpSettings(**wrong)
