"""MobileNetV2 (Sandler et al., CVPR 2018), as keras.applications builds it.

Keras has a file of ImageNet's weights and states no hash of it: there is nothing to know it by.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

    from transferpain.networks.backbones.parts import Published

WIDTH = 1024


def own_names(published: "keras.Model") -> Mapping[str, str]:
    """Keras numbers blocks behind an underscore: `block_1_expand` is `block1_expand`."""
    first = {"Conv1": "stem_conv", "bn_Conv1": "stem_bn", "Conv1_relu": "stem_relu"}
    last = {"Conv_1": "top_conv", "Conv_1_bn": "top_bn", "out_relu": "top_relu"}
    kept = [layer.name for layer in published.layers]
    rest = {name: re.sub(r"^expanded_conv_", "block0_", re.sub(r"^block_(\d+)_", r"block\1_", name)) for name in kept}
    return rest | first | last


def published_mobilenet_v2() -> "Published":
    """Return Keras' MobileNetV2 as a backbone."""
    import keras

    from transferpain.networks.backbones.parts import Published

    return Published("mobilenet_v2", keras.applications.MobileNetV2, own_names)


def build_mobilenet_v2(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build MobileNetV2, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        2,257,984 parameters stand below `gap`.
    """
    return published_mobilenet_v2().build(size, classes, seed, embedding)


MOBILENET_V2 = Backbone(
    name="mobilenet_v2",
    title="MobileNetV2",
    min_size=32,
    width=WIDTH,
    channels=1280,
    blocks=blocks_of(
        ("block16", "top"),
        ("block13", "block14", "block15"),
        ("block6", "block7", "block8", "block9", "block10", "block11", "block12"),
        ("block3", "block4", "block5"),
        ("stem", "block0", "block1", "block2"),
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
            "DepthwiseConv2D",
            "ReLU",
            "Add",
        }
    ),
    cost=300_804_992,
    slower=10.2,
    normalizes=True,
    network=build_mobilenet_v2,
)
