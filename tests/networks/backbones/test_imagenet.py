"""ImageNet's weights: a backbone that took them from a file of Keras answers as Keras' network does."""

import keras
import numpy as np
import pytest

from transferpain.networks.backbones.densenet121 import published_densenet121
from transferpain.networks.backbones.efficientnet_b0 import published_efficientnet_b0
from transferpain.networks.backbones.inception_v3 import published_inception_v3
from transferpain.networks.backbones.parts import Published
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.resnet50 import published_resnet50
from transferpain.networks.backbones.resnet101 import published_resnet101

PUBLISHED = {
    "densenet121": published_densenet121,
    "efficientnet_b0": published_efficientnet_b0,
    "inception_v3": published_inception_v3,
    "resnet50": published_resnet50,
    "resnet101": published_resnet101,
    "vgg19": lambda: Published("vgg19", keras.applications.VGG19),
}


def test_every_network_with_imagenet_is_tried():
    assert {one.name for one in BACKBONES.values() if one.imagenet} == {*PUBLISHED, "vgg16"}


def as_trained(network: keras.Model) -> keras.Model:
    """Give the normalisations of a network such figures as training leaves."""
    generator = np.random.default_rng(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return network


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_it_answers_as_the_network_that_keras_publishes(name, tmp_path):
    backbone, published = BACKBONES[name], PUBLISHED[name]()
    size = max(backbone.min_size, 32)  # Keras builds VGG19 from 32 on
    theirs = as_trained(published.make(include_top=False, weights=None, input_shape=(size, size, 3)))
    theirs.save(tmp_path / "published.h5")  # as Keras publishes them: the older form of its files
    ours = backbone.imagenet.fill(backbone.build(size, 2, 0), tmp_path / "published.h5")
    first = theirs.get_layer(published.begins).input if published.begins else theirs.input
    images = np.random.default_rng(1).uniform(-1, 1, (2, size, size, 3)).astype(np.float32)
    last = (
        theirs.get_layer("block5_conv4").output if name == "vgg19" else theirs.output
    )  # ours has no pooling behind it
    expected = np.asarray(keras.Model(first, last)(images, training=False)).mean(axis=(1, 2))
    received = np.asarray(keras.Model(ours.input, ours.get_layer("gap").output)(images, training=False))
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
