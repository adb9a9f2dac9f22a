"""DenseNet-121 (Huang et al., CVPR 2017), as keras.applications builds it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import KERAS_FILES, Backbone, Weights, blocks_of, keras_asset

if TYPE_CHECKING:
    import keras

    from transferpain.networks.backbones.parts import Published

WIDTH = 1024


def own_names(published: "keras.Model") -> Mapping[str, str]:
    """Layers without a name of their own get one, and the last normalisation belongs to the last block."""
    names = {"bn": "conv5_last_bn", "relu": "conv5_last_relu", "pool1": "conv1_pool"}
    padding = [layer.name for layer in published.layers if layer.name.startswith("zero_padding2d")]
    return names | dict(zip(padding, ("conv1_padding", "conv1_pool_padding"), strict=True))


def published_densenet121() -> "Published":
    """Return Keras' DenseNet-121 as a backbone."""
    import keras

    from transferpain.networks.backbones.parts import Published

    return Published("densenet121", keras.applications.DenseNet121, own_names)


def build_densenet121(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build DenseNet-121, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        7,037,504 parameters stand below `gap`.
    """
    return published_densenet121().build(size, classes, seed, embedding)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's weights from Keras' file into the backbone; the layers above stay random."""
    return published_densenet121().fill(model, path)


DENSENET121 = Backbone(
    name="densenet121",
    title="DenseNet-121",
    min_size=32,
    width=WIDTH,
    channels=1024,
    blocks=blocks_of(
        ("conv5",),
        ("conv4", "pool4"),
        ("conv3", "pool3"),
        ("conv2", "pool2"),
        ("conv1",),
    ),
    layers=frozenset(
        {
            "InputLayer",
            "Conv2D",
            "BatchNormalization",
            "GlobalAveragePooling2D",
            "Dense",
            "Activation",
            "ZeroPadding2D",
            "MaxPooling2D",
            "AveragePooling2D",
            "Concatenate",
        }
    ),
    cost=2_834_186_240,
    slower=2.7,
    normalizes=True,
    network=build_densenet121,
    imagenet=Weights(
        asset=keras_asset(
            "densenet121",
            "DenseNet-121",
            f"{KERAS_FILES}/densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
            29_084_464,
            "30ee3e1110167f948a6b9946edeeb738",
            "BSD-3-Clause",
        ),
        scaling="torch",
        fill=fill_from_imagenet,
        licence="BSD 3-clause.",
        citation="Huang et al., Densely Connected Convolutional Networks, CVPR 2017",
        page="https://github.com/liuzhuang13/DenseNet",
    ),
)
