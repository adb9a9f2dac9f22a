"""EfficientNetB0 (Tan and Le, ICML 2019), as keras.applications builds it.

Keras' network normalises pixels itself, by seven numbers in a layer; here that is the scaling `torch`. Blocks that are
dropped at random (stochastic depth) serve training alone, and no saved model has them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, Weights, blocks_of, first_part, keras_asset

if TYPE_CHECKING:
    import keras

    from transferpain.networks.backbones.parts import Published

WIDTH = 1024
# Swish lets about 0.36 of the variance through, a gate of squeeze and excitation a quarter (our choice): by He's gain,
# and by the paper's, an untrained network's features are so small that float16 hardly holds them.
GAINS = {"_dwconv": 2.8, "_project_conv": 6.0, "top_conv": 2.8}
DROPPED = 0.2  # of the last block, growing evenly from none (the paper's)


def published_efficientnet_b0() -> "Published":
    """Return Keras' EfficientNetB0 as a backbone."""
    import keras

    from transferpain.networks.backbones.parts import Published

    return Published("efficientnet_b0", keras.applications.EfficientNetB0, begins="stem_conv_pad", gains=GAINS)


def build_efficientnet_b0(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build EfficientNetB0, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        4,049,564 (Keras counts 7 more, by which it normalises pixels) parameters stand below `gap`.
    """
    return published_efficientnet_b0().build(size, classes, seed, embedding)


def with_stochastic_depth(model: "keras.Model") -> "keras.Model":
    """Return a copy for training, in which residual blocks are dropped at random, the deeper the more."""
    import keras

    from transferpain.networks.backbones.parts import dropout_behind

    blocks = list(dict.fromkeys(first_part(layer.name) for layer in model.layers if layer.name.startswith("block")))
    names = {layer.name for layer in model.layers}
    rates = {
        f"{block}_project_bn": DROPPED * number / len(blocks)
        for number, block in enumerate(blocks)
        if f"{block}_add" in names
    }
    return dropout_behind(
        model, rates, lambda rate, **settings: keras.layers.Dropout(rate, noise_shape=(None, 1, 1, 1), **settings)
    )


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's weights from Keras' file into the backbone; the layers above stay random."""
    return published_efficientnet_b0().fill(model, path)


EFFICIENTNET_B0 = Backbone(
    name="efficientnet_b0",
    title="EfficientNetB0",
    min_size=32,
    width=WIDTH,
    channels=1280,
    blocks=blocks_of(
        ("block7a", "top"),
        ("block6a", "block6b", "block6c", "block6d"),
        ("block5a", "block5b", "block5c"),
        ("block4a", "block4b", "block4c"),
        ("block3a", "block3b"),
        ("block2a", "block2b"),
        ("block1a", "stem"),
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
            "Reshape",
            "Multiply",
            "Add",
        }
    ),
    cost=385_845_472,
    slower=8.1,
    normalizes=True,
    network=build_efficientnet_b0,
    imagenet=Weights(
        asset=keras_asset(
            "efficientnet_b0",
            "EfficientNetB0",
            "https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
            16_705_208,
            "50bc09e76180e00e4465e1a485ddc09d",
            "Apache-2.0",
        ),
        scaling="torch",
        fill=fill_from_imagenet,
        licence="Apache License 2.0.",
        citation="Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019",
        page="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet",
    ),
    dropping=with_stochastic_depth,
)
