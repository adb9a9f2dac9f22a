"""ShuffleNetV2 1.0 (Ma et al., ECCV 2018)."""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

WIDTH = 1024
STEM, STAGES, LAST = 24, ((116, 4), (232, 8), (464, 4)), 1024  # filters that come out, units: Table 5 of the paper


def build_shufflenet_v2(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ShuffleNetV2, global average pooling and a dense embedding, our choice; He-normal weights.

    Channels are shuffled and halved by layers that are bound to the size of their maps: a trained network reads
    pictures of its own size alone.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. 1,253,604 parameters
        that are trained, and 16,180 averages, stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.parts import Layers
    from transferpain.networks.backbones.surgery import classifier

    make = Layers(seed)

    def transform(x, filters: int, name: str, strides: int):
        x = make.unit(x, filters, 1, f"{name}_1")
        x = make.normalize(make.depthwise(x, 3, f"{name}_2_dw", strides), f"{name}_2")
        return make.unit(x, filters, 1, f"{name}_3")

    images = keras.Input((size, size, 3), name="images")
    x = make.unit(images, STEM, 3, "stem", strides=2)
    x = keras.layers.MaxPooling2D(3, 2, "same", name="stem_pool")(x)
    for stage, (filters, units) in enumerate(STAGES, start=2):
        half = filters // 2
        name = f"stage{stage}_unit1"
        kept = make.normalize(make.depthwise(x, 3, f"{name}_0_dw", 2), f"{name}_0")
        kept, x = make.unit(kept, half, 1, f"{name}_00"), transform(x, half, name, 2)
        for number in range(2, units + 1):
            name = f"stage{stage}_unit{number}"
            kept, x = _shuffled_halves(kept, x, name)
            x = transform(x, half, name, 1)
        x = keras.layers.Concatenate(name=f"stage{stage}_join")([kept, x])
    x = make.unit(x, LAST, 1, "top")
    return keras.Model(images, classifier(x, classes, embedding, seed), name="shufflenet_v2")


def _shuffled_halves(first, second, name: str):
    """Put the channels of two maps `(h, w, c)` in turn, and return their first and second half `(h, w, c)`."""
    import keras

    height, width, channels = first.shape[1:]
    x = keras.layers.Concatenate(name=f"{name}_join")([first, second])
    x = keras.layers.Reshape((height * width, 2, channels), name=f"{name}_split")(x)
    x = keras.layers.Permute((1, 3, 2), name=f"{name}_shuffle")(x)  # (h * w, c, 2): the channels in turn, by pairs
    half = channels // 2
    halves = []
    for part, cropping in (("kept", (0, half)), ("changed", (half, 0))):
        cut = keras.layers.Cropping2D(((0, 0), cropping), name=f"{name}_{part}")(x)
        halves.append(keras.layers.Reshape((height, width, channels), name=f"{name}_{part}_maps")(cut))
    return halves


SHUFFLENET_V2 = Backbone(
    name="shufflenet_v2",
    title="ShuffleNetV2 1.0",
    min_size=32,
    width=WIDTH,
    channels=LAST,
    blocks=blocks_of(("top",), ("stage4",), ("stage3",), ("stage2",), ("stem",)),
    layers=frozenset(
        {
            "InputLayer",
            "Conv2D",
            "DepthwiseConv2D",
            "BatchNormalization",
            "MaxPooling2D",
            "Concatenate",
            "Cropping2D",
            "Permute",
            "Reshape",
            "GlobalAveragePooling2D",
            "Dense",
            "Activation",
        }
    ),
    cost=144_932_568,
    slower=5.9,
    normalizes=True,
    network=build_shufflenet_v2,
)
