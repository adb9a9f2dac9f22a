"""ResNet-101 (He et al., CVPR 2016), as keras.applications builds it."""

from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import KERAS_FILES, Backbone, Weights, blocks_of, keras_asset

if TYPE_CHECKING:
    import keras

    from transferpain.networks.backbones.parts import Published

WIDTH = 1024


def published_resnet101() -> "Published":
    """Return Keras' ResNet-101 as a backbone."""
    import keras

    from transferpain.networks.backbones.parts import Published

    return Published("resnet101", keras.applications.ResNet101, residual="_3_bn")


def build_resnet101(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ResNet-101, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        42,658,176 parameters stand below `gap`.
    """
    return published_resnet101().build(size, classes, seed, embedding)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's weights from Keras' file into the backbone; the layers above stay random."""
    return published_resnet101().fill(model, path)


RESNET101 = Backbone(
    name="resnet101",
    title="ResNet-101",
    min_size=32,
    width=WIDTH,
    channels=2048,
    blocks=blocks_of(
        ("conv5",),
        ("conv4",),
        ("conv3",),
        ("conv2",),
        ("conv1", "pool1"),
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
            "Add",
        }
    ),
    cost=7_570_243_584,
    slower=1.5,
    normalizes=True,
    network=build_resnet101,
    imagenet=Weights(
        asset=keras_asset(
            "resnet101",
            "ResNet-101",
            f"{KERAS_FILES}/resnet/resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
            171_446_536,
            "88cf7a10940856eca736dc7b7e228a21",
            "MIT",
        ),
        scaling="caffe",
        fill=fill_from_imagenet,
        licence="MIT.",
        citation="He et al., Deep Residual Learning for Image Recognition, CVPR 2016",
        page="https://github.com/KaimingHe/deep-residual-networks",
    ),
)
