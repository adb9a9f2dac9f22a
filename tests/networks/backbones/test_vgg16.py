"""VGG16 with global average pooling."""

import keras
import numpy as np
import pytest

from transferpain.networks.backbones.surgery import with_classes
from transferpain.networks.backbones.vgg16 import VGG16, build_vgg16_gap


def random_images(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def vgg16() -> keras.Model:
    return build_vgg16_gap(32, 2)


def test_parameters_are_those_of_the_docstring(vgg16):
    extractor = keras.Model(vgg16.input, vgg16.get_layer("embedding").output)
    assert extractor.count_params() == 15_240_000
    assert vgg16.count_params() == 15_240_000 + 2 * 1_025
    assert with_classes(vgg16, 8, size=32, seed=0).count_params() == 15_240_000 + 8 * 1_025


def test_every_block_has_its_name(vgg16):
    names = [layer.name for layer in vgg16.layers]
    assert names[0] == "images"
    assert names[-6:] == ["block5_conv2", "block5_conv3", "gap", "embedding", "logits", "probabilities"]
    assert "block5_pool" not in names


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


def test_weights_are_he_normal(vgg16):
    for name in ("block4_conv2", "embedding"):
        kernel = vgg16.get_layer(name).get_weights()[0]
        inputs = np.prod(kernel.shape[:-1])
        assert kernel.std() == pytest.approx(np.sqrt(2 / inputs), rel=0.02)


def test_all_zero_head_gives_its_bias():
    model = build_vgg16_gap(32, 3)
    bias = np.log(np.array([0.2, 0.3, 0.5], dtype=np.float32))
    model.get_layer("logits").set_weights([np.zeros((1024, 3), np.float32), bias])
    np.testing.assert_allclose(model(random_images(2, 32)), [[0.2, 0.3, 0.5]] * 2, rtol=1e-5)


def test_imagenet_convolutions_fill_the_gap_network(tmp_path):
    pretrained = keras.applications.VGG16(include_top=False, weights=None)
    pretrained.save(tmp_path / "published.h5")  # as Keras publishes them: the older form of its files
    model = VGG16.imagenet.fill(build_vgg16_gap(32, 2), tmp_path / "published.h5")
    for name in ("block1_conv1", "block5_conv3"):
        for ours, theirs in zip(
            model.get_layer(name).get_weights(), pretrained.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    images = 255 * random_images(3, 32)
    maps = keras.Model(pretrained.input, pretrained.get_layer("block5_conv3").output)(images)
    gap = keras.Model(model.input, model.get_layer("gap").output)(images)
    np.testing.assert_allclose(gap, np.asarray(maps).mean(axis=(1, 2)), rtol=1e-3, atol=1e-5)
