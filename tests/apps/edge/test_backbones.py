"""Networks whose layers convolutions and dense layers do not stand for: attention, depthwise, shuffled, dilated."""

from functools import cache

import numpy as np
import pytest

from transferpain.apps.edge.convert import convert
from transferpain.apps.edge.lite import load_lite
from transferpain.apps.edge.parts import Part, split_model
from transferpain.models.bundles.scaling import pixel_model
from transferpain.networks.backbones.registry import BACKBONES

CLASSES = 4


@cache
def encoder_of(name: str) -> Part:
    """Return a backbone on pixels as a part; that it comes back from a bundle as it was is seen by its contract."""
    backbone = BACKBONES[name]
    (encoder,) = split_model(pixel_model(backbone.build(backbone.min_size, CLASSES, 0), "symmetric"))
    return encoder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "tolerance"),
    [
        ("shufflenet_v2", "float32", 1e-4),
        *((name, "int8", 0.1) for name in ("vit_s16", "mobilenet_v2", "efficientnet_b0", "shufflenet_v2", "enet")),
    ],
)
def test_a_backbone_answers_on_the_phone_as_in_keras(name, kind, tolerance, tmp_path):
    encoder = encoder_of(name)
    random = np.random.default_rng(0)
    shape = (1, *encoder.inputs["pixels"])
    pixels = [{"pixels": random.integers(0, 256, shape).astype(np.float32)} for _ in range(4)]
    path = tmp_path / "encoder.tflite"
    convert(encoder, kind, pixels, path)
    call = load_lite(path.read_bytes(), threads=1)
    for given in pixels:
        said = call(**given)
        assert said.sum() == pytest.approx(1, abs=0.02)
        np.testing.assert_allclose(said, encoder.call(given["pixels"]).numpy(), atol=tolerance)
