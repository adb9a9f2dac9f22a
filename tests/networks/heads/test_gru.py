import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.heads.windows import counts, output_of, windows
from transferpain.networks.heads.gru import GruSettings, build_gru


@pytest.mark.parametrize("units", [(32, 16), (7,), (4, 3, 2)])
def test_parameter_count(units):
    model = build_gru(9, 11, 3, 0, GruSettings(kind="gru", units=units))
    widths = (11, *units)
    of_units = sum(3 * (d * u + u * u + 2 * u) for d, u in zip(widths, units, strict=False))
    assert counts(model) == (2 * 11 + of_units + 3 * (units[-1] + 1), 2 * 11)


def test_the_first_frame_is_what_the_equations_say():
    model = build_gru(1, 5, 2, 0, GruSettings(kind="gru", units=(4,)))
    x = windows(3, 1)
    kernel, _, bias = (np.array(one) for one in model.get_layer("gru1").weights)
    update, _, new = np.split(output_of(model, "norm", x)[:, 0] @ kernel + bias[0], 3, axis=1)
    expected = (1 - 1 / (1 + np.exp(-update))) * np.tanh(new)  # the state before the first frame is 0
    np.testing.assert_allclose(output_of(model, "gru1", x), expected, atol=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"units": ()}, {"units": (0,)}, {"units": (257,)}, {"units": (4,) * 5}, {"dropout": 1.0}, {"width": 3}]
)
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValidationError):
        GruSettings(kind="gru", **wrong)
