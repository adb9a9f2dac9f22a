"""ResNet-50 (He et al., CVPR 2016), as keras.applications builds it."""

from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import KERAS_FILES, Backbone, Weights, blocks_of, keras_asset

if TYPE_CHECKING:
    import keras

    from transferpain.networks.backbones.parts import Published

WIDTH = 1024


def published_resnet50() -> "Published":
    """Return Keras' ResNet-50 as a backbone."""
    import keras

    from transferpain.networks.backbones.parts import Published

    return Published("resnet50", keras.applications.ResNet50, residual="_3_bn")


def build_resnet50(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ResNet-50, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        23,587,712 parameters stand below `gap`.
    """
    return published_resnet50().build(size, classes, seed, embedding)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's weights from Keras' file into the backbone; the layers above stay random."""
    return published_resnet50().fill(model, path)


RESNET50 = Backbone(
    name="resnet50",
    title="ResNet-50",
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
    cost=3_858_022_400,
    slower=1.8,
    normalizes=True,
    network=build_resnet50,
    imagenet=Weights(
        asset=keras_asset(
            "resnet50",
            "ResNet-50",
            f"{KERAS_FILES}/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
            94_765_736,
            "4d473c1dd8becc155b73f8504c6f6626",
            "MIT",
        ),
        scaling="caffe",
        fill=fill_from_imagenet,
        licence="MIT.",
        citation="He et al., Deep Residual Learning for Image Recognition, CVPR 2016",
        page="https://github.com/KaimingHe/deep-residual-networks",
    ),
)
