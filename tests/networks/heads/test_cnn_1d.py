import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.heads.windows import CNN_1D, asked, build, counts, output_of, windows, with_gaps
from transferpain.networks.heads.cnn_1d import Cnn1dSettings, build_cnn_1d


@pytest.mark.parametrize(("channels", "kernel"), [((16, 32, 64), 7), ((5,), 2)])
def test_parameter_count(channels, kernel):
    model = build_cnn_1d(9, 11, 3, 0, Cnn1dSettings(kind="cnn_1d", channels=channels, kernel=kernel))
    pairs = zip((11, *channels[:-1]), channels, strict=True)
    convolutions = sum(width * (kernel * depth + 1) for depth, width in pairs)
    assert counts(model) == (2 * 11 + convolutions + 3 * (channels[-1] + 1), 2 * 11)


def test_each_convolution_halves_the_rows_and_the_highest_is_read():
    model, x = build("cnn_1d", 7), windows(length=7)
    assert [output_of(model, f"pool{number}", x).shape[1] for number in (1, 2)] == [4, 2]
    np.testing.assert_array_equal(output_of(model, "highest", x), output_of(model, "pool2", x).max(axis=1))


def test_a_row_that_is_missing_is_nothing_as_if_the_window_began_behind_it():
    short, long, x = build("cnn_1d"), build("cnn_1d", 14), windows()
    for model in (short, long):
        for number in range(1, len(CNN_1D.channels) + 1):
            layer = model.get_layer(f"conv{number}")
            layer.bias.assign(np.linspace(-1, 1, layer.bias.shape[0]))  # what a missing row would let through
    np.testing.assert_allclose(asked(short, x), asked(long, with_gaps(x, *range(8))), atol=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"channels": ()}, {"channels": (0,)}, {"channels": (257,)}, {"kernel": 1}, {"dropout": 1.0}]
)
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValidationError):
        Cnn1dSettings(kind="cnn_1d", **wrong)
