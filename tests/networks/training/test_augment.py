import cv2
import numpy as np
import pytest

from transferpain.networks.training.augment import augment, change_images, change_points, draw_changes, draw_transforms
from transferpain.networks.training.settings import AugmentSettings

NONE = AugmentSettings()


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def smooth_images(count: int, side: int, channels: int | None = None) -> np.ndarray:
    shape = (count, side, side) if channels is None else (count, side, side, channels)
    noise = generator().integers(0, 256, shape, dtype=np.uint8)
    return np.stack([cv2.GaussianBlur(image, (0, 0), 2) for image in noise])


@pytest.mark.parametrize("channels", [None, 3])
def test_without_settings_nothing_changes(channels):
    images = smooth_images(3, 48, channels)
    np.testing.assert_array_equal(augment(images, 48, NONE, generator()), images)


@pytest.mark.parametrize("size", [64, 96, 40])
def test_without_settings_it_only_resizes(size):
    images = smooth_images(2, 48)
    expected = np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR) for image in images])
    received = augment(images, size, NONE, generator())
    assert received.shape == (2, size, size)
    # warpAffine places pixels to 1/32, resize to 1/2048.
    assert np.abs(received.astype(int) - expected).max() <= 6


def test_flip_mirrors_left_and_right():
    images = smooth_images(2, 48)
    received = augment(images, 48, AugmentSettings(flip=1), generator())
    np.testing.assert_array_equal(received, images[:, :, ::-1])


def test_flip_has_its_probability():
    transforms = draw_transforms(10_000, 48, AugmentSettings(flip=0.3), generator())
    assert (np.linalg.det(transforms[:, :, :2]) < 0).mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("name", ["rotation", "shift", "zoom"])
def test_changes_fill_their_range_and_stay_within(name):
    largest = {"rotation": 20.0, "shift": 0.08, "zoom": 0.1}[name]
    transforms = draw_transforms(10_000, 48, AugmentSettings(**{name: largest}), generator())
    linear, offset = transforms[:, :, :2], transforms[:, :, 2]
    centre = np.full(2, 23.5)
    drawn = {
        "rotation": np.rad2deg(np.arctan2(linear[:, 1, 0], linear[:, 0, 0])),
        "shift": (linear @ centre + offset - centre)[:, 0] / 48,
        "zoom": np.sqrt(np.linalg.det(linear)) - 1,
    }[name]
    assert np.abs(drawn).max() <= largest * 1.000001
    assert drawn.min() < -0.98 * largest
    assert drawn.max() > 0.98 * largest
    assert abs(drawn.mean()) < 0.03 * largest


def test_rotation_turns_about_the_centre_by_the_drawn_angle():
    image = np.zeros((49, 49), np.uint8)
    image[24, 40] = 255  # 16 pixels right of the centre
    settings = AugmentSettings(rotation=180)
    column, row = draw_transforms(1, 49, settings, generator(5))[0] @ [40, 24, 1]
    assert np.hypot(column - 24, row - 24) == pytest.approx(16)
    assert abs(row - 24) > 2
    turned = augment(image[None], 49, settings, generator(5))[0]
    assert np.unravel_index(turned.argmax(), (49, 49)) == pytest.approx((row, column), abs=1)


def test_the_generator_decides_everything():
    images = smooth_images(4, 48)
    settings = AugmentSettings(flip=0.5, rotation=15, shift=0.1, zoom=0.1)
    first = augment(images, 64, settings, generator(1))
    np.testing.assert_array_equal(first, augment(images, 64, settings, generator(1)))
    assert not np.array_equal(first, augment(images, 64, settings, generator(2)))
    changed = augment(np.repeat(images[:1], 2, axis=0), 64, settings, generator(1))
    assert not np.array_equal(changed[0], changed[1])


def test_images_that_are_not_to_be_changed_are_only_resized():
    images = smooth_images(4, 48)
    settings = AugmentSettings(flip=1, rotation=15)
    changed = np.array([True, False, True, False])
    received = augment(images, 64, settings, generator(1), changed)
    np.testing.assert_array_equal(received[~changed], augment(images, 64, AugmentSettings(), generator(1))[~changed])
    np.testing.assert_array_equal(received[changed], augment(images, 64, settings, generator(1))[changed])


def test_brightness_multiplies_all_values_and_fills_its_range():
    images = np.full((2000, 8, 8, 3), 100, np.uint8)
    received = augment(images, 8, AugmentSettings(brightness=0.1), generator()).astype(float)
    assert np.ptp(received, axis=(1, 2, 3)).max() == 0
    means = received.mean(axis=(1, 2, 3))
    assert (means.min(), means.max()) == (90, 110)
    assert means.mean() == pytest.approx(100, abs=0.5)


def test_what_would_be_too_bright_is_white():
    images = np.full((50, 8, 8), 250, np.uint8)
    assert augment(images, 8, AugmentSettings(brightness=0.5), generator()).max() == 255


@pytest.mark.parametrize("name", ["brightness", "elastic", "grid"])
def test_what_is_added_leaves_the_other_numbers_as_they_were(name):
    settings = {"flip": 0.5, "rotation": 15, "shift": 0.1, "zoom": 0.1}
    more = draw_changes(5, 48, AugmentSettings(**settings, **{name: 0.01}), generator())
    np.testing.assert_array_equal(more.transforms, draw_transforms(5, 48, AugmentSettings(**settings), generator()))


def test_elastic_shifts_have_their_deviation_and_are_smooth():
    fields = draw_changes(50, 64, AugmentSettings(elastic=0.01), generator()).fields
    assert fields.std() == pytest.approx(0.64, rel=0.25)  # between the nodes it is less
    assert np.abs(np.diff(fields, axis=1)).max() < 1
    assert abs(fields.mean()) < 0.02


def test_a_grid_s_nodes_stay_within_their_range():
    fields = draw_changes(200, 60, AugmentSettings(grid=0.2), generator()).fields
    assert np.abs(fields).max() <= 0.2 * 12
    assert np.abs(fields).max() > 0.95 * 0.2 * 12


@pytest.mark.parametrize("settings", [{"elastic": 0.01}, {"grid": 0.25}])
def test_the_strongest_distortion_does_not_fold_the_picture(settings):
    fields = draw_changes(50, 64, AugmentSettings(**settings), generator()).fields
    down, right = np.diff(fields, axis=1)[:, :, :-1], np.diff(fields, axis=2)[:, :-1]
    areas = (1 + right[..., 0]) * (1 + down[..., 1]) - right[..., 1] * down[..., 0]
    assert areas.min() > 0


EVERYTHING = {"flip": 0.5, "rotation": 15, "shift": 0.05, "zoom": 0.1}


@pytest.mark.parametrize(
    "settings", [EVERYTHING, {"elastic": 0.01}, {"grid": 0.25}, EVERYTHING | {"elastic": 0.008, "grid": 0.15}]
)
def test_points_move_as_what_they_stand_on(settings):
    size, places = 128, np.array([[40.0, 50.0], [64.0, 64.0], [90.0, 70.0], [55.0, 95.0]])
    changes = draw_changes(len(places), size, AugmentSettings(**settings), generator(3))
    images = np.zeros((len(places), size, size), np.uint8)
    for image, place in zip(images, places.astype(int), strict=True):
        cv2.circle(image, place.tolist(), 2, 255, -1)
    after = change_points(places[:, None], changes)[:, 0]
    assert np.abs(after - places).max() > 1
    for image, place in zip(change_images(images, size, changes), after, strict=True):
        moments = cv2.moments(image)
        assert (moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]) == pytest.approx(place, abs=0.35)


def test_images_that_are_not_to_be_changed_are_not_distorted_either():
    images = smooth_images(4, 48)
    settings = AugmentSettings(elastic=0.01, grid=0.1, brightness=0.5)
    received = augment(images, 48, settings, generator(1), np.array([True, False, True, False]))
    np.testing.assert_array_equal(received[1::2], images[1::2])
    assert not np.array_equal(received[::2], images[::2])
