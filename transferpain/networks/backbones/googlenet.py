"""GoogLeNet (Inception V1; Szegedy et al., CVPR 2015).

Its two classifiers in the middle, which serve training alone, and its local response normalisation, which has no
weights, are left out (our choice); He-normal weights take the place of both.
"""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

WIDTH = 1024
# Filters of 1x1; 3x3 reduced, 3x3; 5x5 reduced, 5x5; behind pooling: Table 1 of the paper.
INCEPTIONS = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
HALVED = ("inception3a", "inception4a", "inception5a")


def build_googlenet(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build GoogLeNet, global average pooling and a dense embedding, our choice.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. 5,973,552 parameters
        stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.parts import Layers
    from transferpain.networks.backbones.surgery import classifier

    make = Layers(seed)

    def convolve(x, filters: int, kernel: int, name: str, **settings):
        return make.convolve(x, filters, kernel, name, activation="relu", **settings)

    images = keras.Input((size, size, 3), name="images")
    x = convolve(images, 64, 7, "stem_conv1", strides=2)
    x = keras.layers.MaxPooling2D(3, 2, "same", name="stem_pool")(x)
    x = convolve(x, 64, 1, "stem_conv2_reduced")
    x = convolve(x, 192, 3, "stem_conv2")
    for block, (one, reduced3, three, reduced5, five, pooled) in INCEPTIONS.items():
        if block in HALVED:
            x = keras.layers.MaxPooling2D(3, 2, "same", name=f"{block}_halved")(x)
        branches = [
            convolve(x, one, 1, f"{block}_1"),
            convolve(convolve(x, reduced3, 1, f"{block}_3_reduced"), three, 3, f"{block}_3"),
            convolve(convolve(x, reduced5, 1, f"{block}_5_reduced"), five, 5, f"{block}_5"),
            convolve(keras.layers.MaxPooling2D(3, 1, "same", name=f"{block}_pool")(x), pooled, 1, f"{block}_pooled"),
        ]
        x = keras.layers.Concatenate(name=f"{block}_join")(branches)
    return keras.Model(images, classifier(x, classes, embedding, seed), name="googlenet")


GOOGLENET = Backbone(
    name="googlenet",
    title="GoogLeNet",
    min_size=32,
    width=WIDTH,
    channels=1024,
    blocks=blocks_of(
        ("inception5b", "inception5a"),
        ("inception4e", "inception4d"),
        ("inception4c", "inception4b", "inception4a"),
        ("inception3b", "inception3a"),
        ("stem",),
    ),
    layers=frozenset(
        {"InputLayer", "Conv2D", "MaxPooling2D", "Concatenate", "GlobalAveragePooling2D", "Dense", "Activation"}
    ),
    cost=1_582_696_448,
    slower=1.5,
    normalizes=False,
    network=build_googlenet,
)
