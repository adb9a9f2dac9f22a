import keras
import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.clips.clips import build, noise, settings_of
from transferpain.networks.clips.vivit import VIVIT, VivitSettings, build_vivit


@pytest.mark.parametrize(
    ("frames", "tubelet", "patch", "width", "heads", "spatial", "temporal"),
    [(16, 2, 16, 64, 4, 2, 2), (6, 1, 8, 12, 3, 1, 3), (8, 4, 32, 16, 1, 3, 1)],
)
def test_parameter_count(frames, tubelet, patch, width, heads, spatial, temporal):
    """The embedding of tubelets with positions, the blocks of equations 2 and 3 (Arnab et al.), the output."""
    settings = VivitSettings(
        kind="vivit", frames=frames, tubelet=tubelet, patch=patch, width=width, heads=heads, spatial_blocks=spatial,
        temporal_blocks=temporal,
    )  # fmt: skip
    size, classes = 64, 3
    places, steps = (size // patch) ** 2, frames // tubelet
    attention = 4 * (width * width + width)
    dense = (width * 4 * width + 4 * width) + (4 * width * width + width)
    block = attention + dense + 2 * 2 * width
    embedding = tubelet * patch * patch * 3 * width + places * width
    positions = width + steps * width
    expected = embedding + (spatial + temporal) * block + positions + 2 * width + classes * (width + 1)
    assert build_vivit(settings, size, classes, 0).count_params() == expected


def output_of(model: keras.Model, layer: str, x: np.ndarray) -> np.ndarray:
    return np.asarray(keras.Model(model.input, model.get_layer(layer).output)(x))


def test_a_tubelet_is_a_patch_of_several_frames():
    model, x = build("vivit", tubelet=2), noise(1)
    numbers = output_of(model, "tubelets_numbers", x)
    assert numbers.shape == (1, 4, 16, 2 * 8 * 8 * 3)
    # Step 1 is the frames 2 and 3; place 6 is the second row of patches and the third column.
    np.testing.assert_array_equal(numbers[0, 1, 6], x[0, 2:4, 8:16, 16:24].ravel())


def test_positions_of_places_are_the_same_at_every_step():
    model = build("vivit")
    _, bias = model.get_layer("tubelets_dense").get_weights()
    assert bias.shape == (16, 32)
    said = output_of(model, "tubelets_dense", np.zeros_like(noise(1)))
    np.testing.assert_array_equal(said[0], np.broadcast_to(bias, said[0].shape))


def test_a_step_is_encoded_by_itself_until_the_temporal_transformer():
    model, x = build("vivit", spatial_blocks=2), noise(1)
    other = x.copy()
    other[0, 3] = 0
    changed = np.abs(output_of(model, "steps", x) - output_of(model, "steps", other)).max(axis=-1)[0]
    assert changed[3] > 1e-3
    assert np.delete(changed, 3).max() < 1e-5
    changed = np.abs(output_of(model, "temporal1_add1", x) - output_of(model, "temporal1_add1", other)).max(axis=-1)[0]
    assert changed.min() > 1e-7


def test_the_mean_of_normalised_places_stands_for_a_step():
    model, x = build("vivit"), noise(2)
    read = output_of(model, "spatial_norm", x)
    np.testing.assert_allclose(read.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(output_of(model, "steps", x), read.mean(axis=2), atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"frames": 7, "tubelet": 2}, "multiple of `tubelet`"),
        ({"width": 30, "heads": 4}, "multiple of `heads`"),
        ({"patch": 2}, "greater than or equal"),
        ({"width": 257, "heads": 1}, "less than or equal"),
        ({"spatial_blocks": 0}, "greater than or equal"),
        ({"temporal_blocks": 9}, "less than or equal"),
    ],
)
def test_settings_out_of_bounds_are_refused(wrong, what):
    with pytest.raises(ValidationError, match=what):
        VivitSettings(kind="vivit", **wrong)


@pytest.mark.parametrize(
    ("size", "patch", "what"), [(60, 16, "multiple of it; received patch 16, faces.size 60"), (64, 4, "at most 196")]
)
def test_pictures_that_are_not_cut_into_patches_are_refused(size, patch, what):
    with pytest.raises(ValueError, match=what):
        VIVIT.check(settings_of("vivit", patch=patch), size)
