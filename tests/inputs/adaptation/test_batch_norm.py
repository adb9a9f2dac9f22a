"""In training mode batch normalisation takes the statistics of its batch: of all images at once, those of AdaBN."""

import keras
import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.adaptation.batch_norm import adapt_batch_norm
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.vgg16 import build_vgg16_gap


def small_network() -> keras.Model:
    """Two normalised convolutions and a shortcut with a third."""
    images = keras.Input((8, 8, 3), name="images")
    x = keras.layers.Conv2D(4, 3, name="a")(images)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(name="a_bn")(x))
    shortcut = keras.layers.BatchNormalization(name="shortcut_bn")(keras.layers.Conv2D(4, 1, name="shortcut")(x))
    x = keras.layers.BatchNormalization(name="b_bn")(keras.layers.Conv2D(4, 3, padding="same", name="b")(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([x, shortcut]))
    return keras.Model(images, keras.layers.Dense(2, name="logits")(x), name="small")


def other_domain(number: int, size: int) -> np.ndarray:
    images = np.random.default_rng(0).normal(size=(number, size, size, 3)) * [1, 3, 9] + 5
    return images.astype(np.float32)


def test_inference_uses_the_targets_statistics():
    model, images = small_network(), other_domain(37, 8)
    adapted = adapt_batch_norm(model, images)
    expected = model(images, training=True)
    np.testing.assert_allclose(adapted(images, training=False), expected, rtol=1e-4, atol=1e-4)
    assert np.abs(np.asarray(model(images, training=False)) - expected).max() > 0.1


def test_the_batch_size_does_not_matter():
    model, images = small_network(), other_domain(37, 8)
    outputs = [adapt_batch_norm(model, images, batch)(images, training=False) for batch in (5, 64)]
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)


def test_only_the_statistics_change_and_only_in_the_copy():
    model = small_network()
    before = [weight.numpy() for weight in model.weights]
    adapted = adapt_batch_norm(model, other_domain(9, 8))
    for old, own, new in zip(before, model.weights, adapted.weights, strict=True):
        np.testing.assert_array_equal(own, old)
        assert np.array_equal(new, old) == (not own.name.startswith("moving"))


@pytest.mark.slow
def test_resnet18_is_adapted_in_all_of_its_20_layers():
    model, images = build_resnet18(32, 2), other_domain(16, 32)
    adapted = adapt_batch_norm(model, images)
    np.testing.assert_allclose(adapted(images, training=False), model(images, training=True), atol=1e-3)
    changed = [
        layer.name
        for layer in adapted.layers
        if isinstance(layer, keras.layers.BatchNormalization) and np.any(layer.moving_mean)
    ]
    assert len(changed) == 20


def test_vgg16_is_refused_because_it_has_no_batch_normalisation():
    with pytest.raises(UserError, match=r"vgg16_gap(.|\n)*no BatchNormalization"):
        adapt_batch_norm(build_vgg16_gap(16, 2), other_domain(2, 16))


def test_without_an_image_nothing_is_adapted():
    with pytest.raises(UserError, match="0 images"):
        adapt_batch_norm(small_network(), other_domain(0, 8))
