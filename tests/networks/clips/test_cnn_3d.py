import keras
import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.clips.clips import build, noise, settings_of
from transferpain.networks.clips.cnn_3d import CNN_3D, Cnn3dSettings, build_cnn_3d


@pytest.mark.parametrize(
    ("frames", "channels", "steps"), [(16, (8, 16, 32, 64), 2), (9, (4, 5), 5), (2, (2, 3, 4, 5, 6), 1)]
)
def test_parameter_count(frames, channels, steps):
    """Kernels of 3x3x3 at every stage (Tran et al., section 3.3), four numbers a channel, and a linear output."""
    model = build_cnn_3d(Cnn3dSettings(kind="cnn_3d", frames=frames, channels=channels), 40, 3, 0)
    expected, before = 0, 3
    for filters in channels:
        expected += 3 * 3 * 3 * before * filters + 4 * filters
        before = filters
    expected += 3 * (steps * channels[-1] + 1)
    assert model.count_params() == expected


def test_time_is_kept_by_the_first_pooling_and_halved_by_the_others():
    model = build("cnn_3d")
    shapes = [model.get_layer(f"stage{number}_pool").output.shape[1:] for number in (1, 2, 3)]
    assert shapes == [(8, 16, 16, 8), (4, 8, 8, 16), (2, 4, 4, 16)]


def test_the_mean_is_over_places_and_steps_stay_in_their_order():
    model, x = build("cnn_3d"), noise(2)
    outputs = [model.get_layer(name).output for name in ("stage3_pool", "top_steps")]
    maps, top = keras.Model(model.input, outputs)(x)
    np.testing.assert_allclose(top, np.asarray(maps).mean(axis=(2, 3)).reshape(2, -1), atol=1e-5)


@pytest.mark.parametrize(
    "wrong", [{"channels": (8,)}, {"channels": (8,) * 6}, {"channels": (8, 257)}, {"channels": (0, 8)}]
)
def test_channels_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValidationError):
        Cnn3dSettings(kind="cnn_3d", **wrong)


def test_too_many_channels_on_whole_pictures_and_too_small_pictures_are_refused():
    with pytest.raises(ValueError, match="at most 64 in the first stage; received 65"):
        CNN_3D.check(settings_of("cnn_3d", channels=(65, 8)), 64)
    with pytest.raises(ValueError, match="at least 32x32 pixels; received 24"):
        CNN_3D.check(settings_of("cnn_3d"), 24)
