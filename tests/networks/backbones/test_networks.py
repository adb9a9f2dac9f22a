import subprocess
import sys

import keras
import numpy as np
import pytest

from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.surgery import copy_weights, with_classes, with_dtype
from transferpain.networks.backbones.vgg16 import build_vgg16_gap


def random_images(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


def equal_weights(first: keras.Model, second: keras.Model) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


@pytest.fixture(scope="module")
def resnet18() -> keras.Model:
    return build_resnet18(32, 8)


@pytest.fixture(scope="module")
def vgg16() -> keras.Model:
    return build_vgg16_gap(32, 2)


def test_vgg16_counts(vgg16):
    extractor = keras.Model(vgg16.input, vgg16.get_layer("embedding").output)
    assert extractor.count_params() == 15_240_000
    assert vgg16.count_params() == 15_242_050
    assert with_classes(vgg16, 8, size=32, seed=0).count_params() == 15_248_200


def test_resnet18_counts(resnet18):
    backbone = keras.Model(resnet18.input, resnet18.get_layer("stage4_block2_out").output)
    assert backbone.count_params() == 11_186_112
    assert resnet18.count_params() == 11_719_624
    fixed = sum(int(np.prod(weight.shape)) for weight in resnet18.non_trainable_weights)
    assert fixed == 9_600


def test_every_block_has_its_name(vgg16, resnet18):
    names = [layer.name for layer in vgg16.layers]
    assert names[0] == "images"
    assert names[-6:] == ["block5_conv2", "block5_conv3", "gap", "embedding", "logits", "probabilities"]
    assert "block5_pool" not in names
    names = [layer.name for layer in resnet18.layers]
    assert names[-4:] == ["gap", "embedding", "logits", "probabilities"]
    prefixes = {name.split("_")[0] for name in names[1:-4]}
    assert prefixes == {"stem", "stage1", "stage2", "stage3", "stage4"}


def test_maps_have_the_papers_shapes():
    model = build_vgg16_gap(224, 2)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["block1_pool"] == (112, 112, 64)
    assert shapes["block4_pool"] == (14, 14, 512)
    assert shapes["block5_conv3"] == (14, 14, 512)
    assert shapes["gap"] == (512,)


def test_average_pooling_stands_on_block5_conv3_and_not_on_block5_pool(vgg16):
    conv = vgg16.get_layer("block5_conv3").output
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.MaxPooling2D(2)(conv))
    both = keras.Model(vgg16.input, [conv, vgg16.get_layer("gap").output, pooled])
    maps, gap, other = (np.asarray(part) for part in both(random_images(2, 32)))
    np.testing.assert_allclose(gap, maps.mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)
    assert np.abs(gap - other).max() > 1e-3
    assert both.count_params() == 14_714_688


def test_weights_depend_on_the_seed_alone(resnet18):
    keras.utils.set_random_seed(99)
    assert equal_weights(build_resnet18(32, 8, seed=0), resnet18)
    assert not equal_weights(build_resnet18(32, 8, seed=1), resnet18)


def test_weights_are_he_normal(vgg16, resnet18):
    for model, name in ((vgg16, "block4_conv2"), (resnet18, "stage3_block1_2_conv"), (vgg16, "embedding")):
        kernel = model.get_layer(name).get_weights()[0]
        inputs = np.prod(kernel.shape[:-1])
        assert kernel.std() == pytest.approx(np.sqrt(2 / inputs), rel=0.02)


def test_all_zero_head_gives_its_bias():
    model = build_vgg16_gap(32, 3)
    bias = np.log(np.array([0.2, 0.3, 0.5], dtype=np.float32))
    model.get_layer("logits").set_weights([np.zeros((1024, 3), np.float32), bias])
    np.testing.assert_allclose(model(random_images(2, 32)), [[0.2, 0.3, 0.5]] * 2, rtol=1e-5)


@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_batch_size_does_not_change_the_output(name, request):
    model = request.getfixturevalue(name)
    images = random_images(4, 32)
    together = np.asarray(model(images, training=False))
    alone = np.concatenate([model(images[i : i + 1], training=False) for i in range(4)])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_another_dtype_gives_nearly_the_same_probabilities(resnet18, dtype):
    copy = with_dtype(resnet18, dtype)
    assert copy.get_layer("stage2_block1_1_conv").compute_dtype == "bfloat16"
    images = random_images(4, 32)
    expected, received = np.asarray(resnet18(images)), copy(images)
    assert received.dtype == "float32"
    assert np.abs(expected - np.asarray(received)).max() < 0.05


def test_float32_weights_survive_mixed_precision_and_back(resnet18):
    assert equal_weights(with_dtype(with_dtype(resnet18, "mixed_bfloat16"), "float32"), resnet18)


def test_a_copy_carries_no_optimizer(vgg16):
    model = copy_weights(vgg16, build_vgg16_gap(32, 2))
    model.compile("adam", "categorical_crossentropy")
    assert not with_dtype(model, "float32").compiled


def test_new_classes_keep_every_other_weight(vgg16):
    model = with_classes(vgg16, 5, size=48, seed=3)
    assert model.input_shape == (None, 48, 48, 3)
    assert model.output_shape == (None, 5)
    for layer in vgg16.layers:
        if layer.name != "logits":
            for old, new in zip(layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("network", "cut", "classes", "parameters"),
    [("resnet18", "gap", 7, 11_189_703), ("resnet18", "gap", 8, 11_190_216), ("vgg16", "embedding", 3, 15_243_075)],
)
def test_a_new_output_stands_on_the_layer_where_a_network_is_cut(request, network, cut, classes, parameters):
    source = request.getfixturevalue(network)
    model = with_classes(source, classes, size=32, seed=0, cut=cut)
    assert model.count_params() == parameters
    assert [layer.name for layer in model.layers][-3:] == [cut, "logits", "probabilities"]
    trunk, images = keras.Model(source.input, source.get_layer(cut).output), random_images(2, 32)
    np.testing.assert_array_equal(trunk(images), keras.Model(model.input, model.get_layer(cut).output)(images))


def test_a_copy_is_penalised_as_asked_and_trainable(vgg16):
    frozen = with_dtype(vgg16, "float32", kernel_l2=5e-5)
    kernels = [layer for layer in frozen.layers if hasattr(layer, "kernel")]
    assert {float(layer.kernel_regularizer.l2) for layer in kernels} == {5e-5}
    assert all(layer.bias_regularizer is None for layer in kernels)
    for layer in frozen.layers:
        layer.trainable = False
    copy = with_dtype(frozen, "float32")
    assert all(layer.trainable for layer in copy.layers)
    assert not copy.losses


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
