"""AlexNet (Krizhevsky et al., NeurIPS 2012), in one tower as its first author wrote it down later (2014).

In one tower no convolution is split between two machines, and there is no local response normalisation. As with VGG16,
global average pooling takes the place of the last max pooling and of the dense layers (our choice).
"""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

WIDTH = 1024
CONVOLUTIONS = ((64, 11), (192, 5), (384, 3), (256, 3), (256, 3))  # filters, kernel
POOLED = (1, 2)  # behind which maps are halved


def build_alexnet(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build AlexNet's convolutions, global average pooling and a dense embedding; He-normal weights, our choice.

    Args:
        size: side of the square images in pixels, at least 31.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. 2,469,696 parameters
        stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.parts import Layers
    from transferpain.networks.backbones.surgery import classifier

    make = Layers(seed)
    images = keras.Input((size, size, 3), name="images")
    x = keras.layers.ZeroPadding2D(2, name="conv1_padding")(images)
    for number, (filters, kernel) in enumerate(CONVOLUTIONS, start=1):
        stem = {"strides": 4, "padding": "valid"} if number == 1 else {}
        x = make.convolve(x, filters, kernel, f"conv{number}", activation="relu", **stem)
        if number in POOLED:
            x = keras.layers.MaxPooling2D(3, 2, name=f"conv{number}_pool")(x)
    return keras.Model(images, classifier(x, classes, embedding, seed), name="alexnet")


ALEXNET = Backbone(
    name="alexnet",
    title="AlexNet",
    min_size=31,
    width=WIDTH,
    channels=256,
    blocks=blocks_of(("conv5",), ("conv4",), ("conv3",), ("conv2",), ("conv1",)),
    layers=frozenset(
        {"InputLayer", "ZeroPadding2D", "Conv2D", "MaxPooling2D", "GlobalAveragePooling2D", "Dense", "Activation"}
    ),
    cost=655_828_672,
    slower=1.2,
    normalizes=False,
    network=build_alexnet,
)
