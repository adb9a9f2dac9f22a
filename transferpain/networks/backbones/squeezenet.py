"""SqueezeNet 1.1 (Iandola et al., 2016): the authors' second version, with 2.4 times fewer products."""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

WIDTH = 1024
# Squeezed and expanded filters of each fire module, and before which of them maps are halved.
FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}
HALVED = (2, 4, 6)


def build_squeezenet(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build SqueezeNet 1.1 up to its last fire module, global average pooling and a dense embedding.

    The paper's classifier is a convolution to the classes; the embedding in its place is our choice, as are He-normal
    weights.

    Args:
        size: side of the square images in pixels, at least 31.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. 722,496 parameters
        stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.parts import Layers
    from transferpain.networks.backbones.surgery import classifier

    make = Layers(seed)
    images = keras.Input((size, size, 3), name="images")
    x = make.convolve(images, 64, 3, "stem_conv", strides=2, padding="valid", activation="relu")
    for number, (squeezed, expanded) in FIRES.items():
        if number in HALVED:
            x = keras.layers.MaxPooling2D(3, 2, name=f"fire{number}_pool")(x)
        x = make.convolve(x, squeezed, 1, f"fire{number}_squeeze", activation="relu")
        one = make.convolve(x, expanded, 1, f"fire{number}_expand1", activation="relu")
        three = make.convolve(x, expanded, 3, f"fire{number}_expand3", activation="relu")
        x = keras.layers.Concatenate(name=f"fire{number}_join")([one, three])
    return keras.Model(images, classifier(x, classes, embedding, seed), name="squeezenet")


SQUEEZENET = Backbone(
    name="squeezenet",
    title="SqueezeNet 1.1",
    min_size=31,
    width=WIDTH,
    channels=512,
    blocks=blocks_of(("fire9", "fire8"), ("fire7", "fire6"), ("fire5", "fire4"), ("fire3", "fire2"), ("stem",)),
    layers=frozenset(
        {"InputLayer", "Conv2D", "MaxPooling2D", "Concatenate", "GlobalAveragePooling2D", "Dense", "Activation"}
    ),
    cost=263_148_224,
    slower=2.3,
    normalizes=False,
    network=build_squeezenet,
)
