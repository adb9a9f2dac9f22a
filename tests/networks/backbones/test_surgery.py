"""Copies of backbones under another dtype and with other outputs."""

import keras
import numpy as np
import pytest

from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.surgery import classifier, with_classes, with_dtype
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


@pytest.fixture(scope="module")
def small() -> keras.Model:
    """A network of the layers of a backbone: each kind once."""
    images = keras.Input((12, 12, 3), name="images")
    x = keras.layers.Conv2D(4, 3, kernel_initializer=keras.initializers.HeNormal(seed=1), name="conv")(images)
    x = keras.layers.BatchNormalization(name="bn")(x)
    return keras.Model(images, classifier(x, classes=2, embedding=6, seed=0), name="small")


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_another_dtype_gives_nearly_the_same_probabilities(resnet18, dtype):
    copy = with_dtype(resnet18, dtype)
    assert copy.get_layer("stage2_block1_1_conv").compute_dtype == "bfloat16"
    images = random_images(4, 32)
    expected, received = np.asarray(resnet18(images)), copy(images)
    assert received.dtype == "float32"
    assert np.abs(expected - np.asarray(received)).max() < 0.05


def test_float32_weights_survive_mixed_precision_and_back(small):
    assert equal_weights(with_dtype(with_dtype(small, "mixed_bfloat16"), "float32"), small)


def test_a_copy_has_the_settings_and_weights_of_its_model(small):
    copy = with_dtype(small, "float32")
    assert copy.get_config() == small.get_config()
    assert equal_weights(copy, small)


def test_a_copy_carries_no_optimizer(small):
    model = keras.models.clone_model(small)
    model.compile("adam", "categorical_crossentropy")
    assert not with_dtype(model, "float32").compiled


def test_new_classes_keep_every_other_weight(small):
    model = with_classes(small, 5, size=48, seed=3)
    assert model.input_shape == (None, 48, 48, 3)
    assert model.output_shape == (None, 5)
    for layer in small.layers:
        if layer.name != "logits":
            for old, new in zip(layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("network", "feature_layer", "classes", "parameters"),
    [("resnet18", "gap", 7, 11_189_703), ("resnet18", "gap", 8, 11_190_216), ("vgg16", "embedding", 3, 15_243_075)],
)
def test_a_new_output_stands_on_the_layer_where_a_network_is_cut(request, network, feature_layer, classes, parameters):
    source = request.getfixturevalue(network)
    model = with_classes(source, classes, size=32, seed=0, feature_layer=feature_layer)
    assert model.count_params() == parameters
    assert [layer.name for layer in model.layers][-3:] == [feature_layer, "logits", "probabilities"]
    trunk, images = keras.Model(source.input, source.get_layer(feature_layer).output), random_images(2, 32)
    np.testing.assert_array_equal(
        trunk(images), keras.Model(model.input, model.get_layer(feature_layer).output)(images)
    )


def test_a_copy_is_penalised_as_asked_and_trainable(small):
    frozen = with_dtype(small, "float32", kernel_l2=5e-5)
    kernels = [layer for layer in frozen.layers if hasattr(layer, "kernel")]
    assert {float(layer.kernel_regularizer.l2) for layer in kernels} == {5e-5}
    assert all(layer.bias_regularizer is None for layer in kernels)
    for layer in frozen.layers:
        layer.trainable = False
    copy = with_dtype(frozen, "float32")
    assert all(layer.trainable for layer in copy.layers)
    assert not copy.losses
