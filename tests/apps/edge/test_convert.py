import numpy as np
import pytest

from tests.apps.edge.small_fused import small_fused
from tests.apps.explain.small_models import SIZE, small_model
from tests.models.bundles.bundles import as_saved
from transferpain.apps.edge.convert import convert
from transferpain.apps.edge.lite import KINDS, load_lite
from transferpain.apps.edge.parts import split_model

RANDOM = np.random.default_rng(0)
PIXELS = [{"pixels": RANDOM.integers(0, 256, (1, SIZE, SIZE, 3)).astype(np.float32)} for _ in range(4)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_answers_as_in_keras(kind, tmp_path):
    (encoder,) = split_model(as_saved(small_model(3), "symmetric"))
    path = tmp_path / "encoder.tflite"
    convert(encoder, kind, PIXELS, path)
    call = load_lite(path.read_bytes(), threads=1)
    tolerance = {"float32": 1e-5, "float16": 1e-3}.get(kind, 0.05)
    for given in PIXELS:
        said = call(**given)
        assert said.shape == (1, 3)
        assert said.dtype == np.float32
        np.testing.assert_allclose(said, encoder.call(given["pixels"]).numpy(), atol=tolerance)


@pytest.mark.slow
def test_the_temporal_head_in_int8(tmp_path):
    head = split_model(small_fused())[1]
    representative = [
        {name: RANDOM.normal(size=(1, *shape)).astype(np.float32) for name, shape in head.inputs.items()}
        for _ in range(4)
    ]
    convert(head, "int8", representative, tmp_path / "head.tflite")
    size = (tmp_path / "head.tflite").stat().st_size
    assert size < 1.5 * sum(int(np.prod(weight.shape)) for weight in head.weights)  # one byte per weight
    call = load_lite((tmp_path / "head.tflite").read_bytes(), threads=1)
    for given in representative:
        expected = head.call(*given.values()).numpy()
        np.testing.assert_allclose(call(**given), expected, atol=0.05)
