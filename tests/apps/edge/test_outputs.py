"""Networks that end in ordered levels answer on the phone as in Keras."""

import numpy as np
import pytest

from tests.apps.explain.test_grad_cam import small_network
from transferpain.apps.edge.convert import convert
from transferpain.apps.edge.lite import load_lite
from transferpain.apps.edge.parts import split_model
from transferpain.models.bundles.scaling import pixel_model
from transferpain.networks.outputs.registry import OUTPUTS, ending_in

LEVELS = 3


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "tolerance"), [("float32", 1e-5), ("int8", 0.02)])
@pytest.mark.parametrize("loss", [name for name, output in OUTPUTS.items() if output.ordered])
def test_levels_are_said_on_the_phone_as_in_keras(loss, kind, tolerance, tmp_path):
    (encoder,) = split_model(pixel_model(ending_in(small_network(), loss, LEVELS, 0), "symmetric"))
    random = np.random.default_rng(0)
    shape = (1, *encoder.inputs["pixels"])
    pixels = [{"pixels": random.integers(0, 256, shape).astype(np.float32)} for _ in range(4)]
    convert(encoder, kind, pixels, tmp_path / "encoder.tflite")
    call = load_lite((tmp_path / "encoder.tflite").read_bytes(), threads=1)
    for given in pixels:
        expected = encoder.call(given["pixels"]).numpy()
        np.testing.assert_allclose(call(**given), expected, atol=tolerance)
        assert expected.shape == (1, LEVELS)
