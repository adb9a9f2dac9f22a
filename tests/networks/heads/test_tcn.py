import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.heads.windows import TCN, asked, build, counts, output_of, windows, with_gaps
from transferpain.networks.heads.tcn import TcnSettings, build_tcn

LAST = f"block{len(TCN.dilations)}"


@pytest.mark.parametrize(("width", "kernel", "dilations"), [(32, 3, (1, 2, 4, 8, 16)), (11, 2, (1, 3))])
def test_parameter_count(width, kernel, dilations):
    settings = TcnSettings(kind="tcn", width=width, kernel=kernel, dilations=dilations)
    model = build_tcn(9, 11, 3, 0, settings)
    first = width * (kernel * 11 + 1) + width * (kernel * width + 1) + (width * (11 + 1) if width != 11 else 0)
    others = (len(dilations) - 1) * 2 * width * (kernel * width + 1)
    assert counts(model) == (2 * 11 + first + others + 3 * (width + 1), 2 * 11)


def test_how_far_back_an_output_reads_is_stated():
    assert TcnSettings(kind="tcn").receptive_field == 125
    assert TCN.receptive_field == 1 + 2 * (1 + 2)


def test_a_frame_changes_the_outputs_from_its_own_on_as_far_as_is_stated():
    model, x = build("tcn", 20), windows(8, 20)
    other = x.copy()
    other[:, 5] += 3.0
    before, after = (output_of(model, LAST, one) for one in (x, other))
    changed = np.flatnonzero((before != after).any(axis=(0, 2)))
    assert changed.tolist() == list(range(5, 5 + TCN.receptive_field))


def test_a_block_is_two_convolutions_beside_what_it_reads():
    model, x = build("tcn"), windows(2, 6)
    read = inner = output_of(model, "block1", x)
    for number in (1, 2):
        kernel, bias = (np.array(one) for one in model.get_layer(f"block2_conv{number}").weights)
        earlier = np.concatenate([np.zeros_like(inner[:, :2]), inner[:, :-2]], axis=1)  # dilation 2
        inner = np.maximum(earlier @ kernel[0] + inner @ kernel[1] + bias, 0)
    np.testing.assert_allclose(output_of(model, "block2", x), np.maximum(inner + read, 0), atol=1e-5)


def test_a_frame_without_a_face_is_nothing_as_if_the_window_began_behind_it():
    short, long, x = build("tcn"), build("tcn", 8), windows()
    for model in (short, long):
        for layer in model.layers:
            if "conv" in layer.name and layer.weights:
                layer.bias.assign(np.linspace(-1, 1, layer.bias.shape[0]))  # what a missing frame would let through
    np.testing.assert_allclose(asked(short, x), asked(long, with_gaps(x, 0, 1)), atol=1e-6)
    gap = output_of(long, LAST, with_gaps(x, 3, 5))
    assert not gap[:, [3, 5]].any()
    assert gap[:, [2, 4]].any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"width": 257},
        {"kernel": 1},
        {"dilations": ()},
        {"dilations": (0,)},
        {"dilations": (1024,)},
        {"dilations": (1,) * 11},
        {"dropout": -0.1},
    ],
)
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValidationError):
        TcnSettings(kind="tcn", **wrong)
