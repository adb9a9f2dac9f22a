"""Parameters and multiply-adds of the backbones, held against what others have published."""

import math
from functools import cache

import keras
import numpy as np
import pytest

from transferpain.networks.backbones.enet import BOTTLENECKS, ENET, STAGES
from transferpain.networks.backbones.multiply_adds import REFERENCE_SIZE, multiply_adds
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.surgery import without_weights

# All parameters below `gap`: what Keras prints of its own networks, and keras-cv of ResNets.
PARAMETERS = {
    "vgg16": 14_714_688,
    "vgg19": 20_024_384,
    "resnet18": 11_186_112,
    "resnet34": 21_301_696,
    "resnet50": 23_587_712,
    "resnet101": 42_658_176,
    "densenet121": 7_037_504,
    "inception_v3": 21_802_784,
    "mobilenet_v2": 2_257_984,
    # Keras counts 4,049,571: of these, 7 normalise pixels, which here is the scaling.
    "efficientnet_b0": 4_049_571 - 7,
    # Those of the authors' file, 1,235,496, without the last convolution to 1,000 classes.
    "squeezenet": 1_235_496 - (512 + 1) * 1000,
}
# Those that are trained, without averages, where that is what is published: all of a network less its classifier.
TRAINED = {
    # torchvision's count of the network in one tower, less its three dense layers.
    "alexnet": 61_100_840 - (9216 + 1) * 4096 - (4096 + 1) * 4096 - (4096 + 1) * 1000,
    # The authors' file in Caffe, without the classifiers in the middle.
    "googlenet": 6_998_552 - (1024 + 1) * 1000,
    # torchvision's counts.
    "resnext50": 25_028_904 - (2048 + 1) * 1000,
    "shufflenet_v2": 2_278_604 - (1024 + 1) * 1000,
    # 22,050,664 in the authors' PyTorch code (DeiT-S): less the classifier, the class token with its position, and the
    # bias of the patches, which is one number with their positions.
    "vit_s16": 22_050_664 - (384 + 1) * 1000 - 2 * 384 - 384,
}
# Multiply-adds at 224 pixels with a classifier of 1,000 classes in place of the embedding, in thousand millions.
PUBLISHED = {
    "vgg16": 15.470 - 0.124,  # torchvision's, without two of the three dense layers, and with its gap on 512 channels
    "vgg19": 19.632 - 0.124,
    "resnet18": 1.814,  # torchvision
    "resnet34": 3.664,
    "resnet50": 3.8,  # Table 1 of the paper, which halves maps in the first convolution of a block, as Keras does
    "resnet101": 7.6,
    "resnext50": 4.230,  # torchvision
    "densenet121": 2.834,
    # Table 1 of the paper, whose first row is 118 million by its own filters and maps, not 34.
    "googlenet": 0.118 + 0.360 + 0.128 + 0.304 + 0.073 + 0.088 + 0.100 + 0.119 + 0.170 + 0.054 + 0.071 + 0.001,
    "alexnet": 0.714 - 0.0586 + 0.000256,  # torchvision's, with one dense layer on 256 channels in place of three
    "squeezenet": 0.349 - 512 * 1000 * 13 * 13 / 1e9 + 0.000512,  # torchvision's, whose classifier is a convolution
    "mobilenet_v2": 0.300,  # Table 4 of the paper
    "shufflenet_v2": 0.146,  # Table 8 of the paper
    "efficientnet_b0": 0.39,  # Table 2 of the paper
    "vit_s16": 4.6,  # Table 5 of DeiT
}
LARGE = 299
INCEPTION_AT_299 = 5.713  # torchvision, at the size of the paper


@cache
def reference(name: str, size: int = REFERENCE_SIZE) -> keras.Model:
    return without_weights(lambda: BACKBONES[name].build(size, classes=2, seed=0))


def below_gap(model: keras.Model) -> keras.Model:
    return keras.Model(model.input, model.get_layer("gap").output)


def with_classifier(model: keras.Model, channels: int) -> float:
    """Return the multiply-adds with 1,000 classes on `gap`, in thousand millions."""
    return (multiply_adds(model, "gap") + 1000 * channels) / 1e9


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_the_cost_of_each_is_counted_from_its_layers(name):
    assert multiply_adds(reference(name)) == BACKBONES[name].cost


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_published(name):
    assert below_gap(reference(name)).count_params() == PARAMETERS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_parameters_that_are_trained_are_those_published(name):
    trained = below_gap(reference(name)).trainable_weights
    assert sum(math.prod(weight.shape) for weight in trained) == TRAINED[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_multiply_adds_are_those_published(name):
    counted = with_classifier(reference(name), BACKBONES[name].channels)
    assert counted == pytest.approx(PUBLISHED[name], rel=0.02)


@pytest.mark.slow
def test_multiply_adds_of_inception_are_those_published_at_its_own_size():
    counted = with_classifier(reference("inception_v3", LARGE), BACKBONES["inception_v3"].channels)
    assert counted == pytest.approx(INCEPTION_AT_299, rel=0.02)


def enet_by_hand() -> tuple[int, int]:
    """Return what Table 1 of ENet's paper makes: parameters that are trained, and multiply-adds at 224 pixels.

    A convolution has no bias; normalisation has two numbers a channel, a slope one; nobody published the encoder alone.
    """
    places, before = (REFERENCE_SIZE // 2) ** 2, 16
    weights, products = 27 * 13 + 3 * before, 27 * 13 * places
    kernels = {"regular": lambda inner: 9 * inner**2, "asymmetric": lambda inner: 2 * 5 * inner**2}
    for stage, channels in STAGES.items():
        inner, kinds = channels // 4, BOTTLENECKS[stage]
        if channels != before:
            kinds, places = ("halved", *kinds), places // 4
        for kind in kinds:
            within = kernels.get(kind, kernels["regular"])(inner)
            first = (4 if kind == "halved" else 1) * before * inner
            weights += first + within + inner * channels + 2 * 3 * inner + 3 * channels
            products += places * (first + within + inner * channels)
            before = channels
    return weights, products + channels * ENET.width


def test_enet_is_what_its_paper_says():
    weights, products = enet_by_hand()
    trained = below_gap(reference("enet")).trainable_weights
    assert sum(math.prod(weight.shape) for weight in trained) == weights
    assert multiply_adds(reference("enet")) == ENET.cost == products


def test_each_backbone_is_held_against_something():
    assert {*PARAMETERS, *TRAINED, "enet"} == set(BACKBONES)
    assert {*PUBLISHED, "inception_v3", "enet"} == set(BACKBONES)


def test_a_kernel_that_no_rule_knows_is_no_free_one():
    images = keras.Input((4, 4, 3))
    x = keras.layers.Conv2DTranspose(2, 3, name="up")(images)
    with pytest.raises(ValueError, match="Conv2DTranspose"):
        multiply_adds(keras.Model(images, x), "up")


def test_attention_counts_its_products():
    tokens = keras.Input((5, 8))
    x = keras.layers.MultiHeadAttention(2, 4, name="attention")(tokens, tokens)
    assert multiply_adds(keras.Model(tokens, x), "attention") == 5 * 4 * 8 * 8 + 2 * 5 * 5 * 8


def test_groups_and_windows_of_one_channel_count_less():
    images = keras.Input((6, 6, 4))
    x = keras.layers.Conv2D(8, 3, groups=2, padding="same", name="groups")(images)
    x = keras.layers.DepthwiseConv2D(3, 2, padding="same", name="depthwise")(x)
    counted = [multiply_adds(keras.Model(images, x), name) for name in ("groups", "depthwise")]
    assert np.diff([0, *counted]).tolist() == [36 * 9 * 2 * 8, 9 * 9 * 8]
