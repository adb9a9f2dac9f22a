"""ResNet-18 of keras-cv, renamed and seeded."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.surgery import with_classes


def random_images(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def resnet18() -> keras.Model:
    return build_resnet18(32, 8)


def test_parameters_are_those_of_the_docstring(resnet18):
    assert resnet18.count_params() == 11_719_624
    assert with_classes(resnet18, 8, size=32, seed=0, feature_layer="gap").count_params() == 11_186_112 + 8 * 513
    fixed = sum(int(np.prod(weight.shape)) for weight in resnet18.non_trainable_weights)
    assert fixed == 9_600


def test_every_block_has_its_name(resnet18):
    names = [layer.name for layer in resnet18.layers]
    assert names[-4:] == ["gap", "embedding", "logits", "probabilities"]
    assert {name.split("_")[0] for name in names[1:-4]} == {"stem", "stage1", "stage2", "stage3", "stage4"}


def test_weights_are_he_normal(resnet18):
    for name in ("stage3_block1_2_conv", "embedding"):
        kernel = resnet18.get_layer(name).get_weights()[0]
        inputs = np.prod(kernel.shape[:-1])
        assert kernel.std() == pytest.approx(np.sqrt(2 / inputs), rel=0.02)


@pytest.mark.slow
def test_to_build_it_loads_no_pytorch():
    program = "import sys; from transferpain.networks.backbones.resnet18 import build_resnet18; build_resnet18(32, 8)"
    program += "; print('torch' in sys.modules, 'keras_cv' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout == "False True\n"


@pytest.mark.slow
def test_a_saved_resnet18_loads_where_keras_cv_is_missing(resnet18, tmp_path):
    resnet18.save(tmp_path / "model.keras")
    images = random_images(2, 32)
    np.save(tmp_path / "images.npy", images)
    program = f"""
import sys
sys.modules["keras_cv"] = None
import keras, numpy
model = keras.models.load_model({str(tmp_path / "model.keras")!r}, compile=False, safe_mode=True)
assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
numpy.save({str(tmp_path / "out.npy")!r}, model(numpy.load({str(tmp_path / "images.npy")!r})))
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), resnet18(images), rtol=1e-5)
