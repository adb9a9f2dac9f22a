"""The encoder of ENet (Paszke et al., 2016): maps of an eighth of the picture's side, made for speed.

Dropout serves training alone, and no saved model has it.
"""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of, first_part

if TYPE_CHECKING:
    import keras

WIDTH = 1024
CHANNELS = 128
STAGES = {"stage1": 64, "stage2": CHANNELS, "stage3": CHANNELS}  # each of the first two halves the maps
PLAIN = ("regular",) * 4
# Table 1 of the paper: the third stage is the second again, without halving.
MIXED = ("regular", "dilated 2", "asymmetric", "dilated 4", "regular", "dilated 8", "asymmetric", "dilated 16")
BOTTLENECKS = {"stage1": PLAIN, "stage2": MIXED, "stage3": MIXED}
REDUCED, SIDE = 4, 5  # by which the channels within are fewer; of asymmetric kernels
DROPPED = {"stage1": 0.01, "stage2": 0.1, "stage3": 0.1}


def build_enet(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ENet's encoder, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, a multiple of 8, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. 337,519 parameters
        that are trained, and 7,520 averages, stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.parts import Layers, quieten
    from transferpain.networks.backbones.surgery import classifier

    make = Layers(seed)

    def slope(x, name: str):
        return keras.layers.PReLU(shared_axes=[1, 2], name=f"{name}_slope")(x)

    def unit(x, filters: int, kernel, name: str, **settings):
        return slope(make.unit(x, filters, kernel, name, None, **settings), name)

    def widened(x, channels: int, name: str):
        """Maps of zeros are put behind maps: the paper's way to have more channels without weights."""
        x = keras.layers.Permute((3, 1, 2), name=f"{name}_up")(x)
        x = keras.layers.ZeroPadding2D(((0, channels - x.shape[1]), (0, 0)), name=f"{name}_zeros")(x)
        return keras.layers.Permute((2, 3, 1), name=f"{name}_back")(x)

    def bottleneck(x, channels: int, kind: str, name: str):
        halved, inner = kind == "halved", channels // REDUCED
        short = x
        if halved:
            short = widened(keras.layers.MaxPooling2D(2, name=f"{name}_pool")(x), channels, name)
        x = unit(x, inner, 2, f"{name}_1", strides=2) if halved else unit(x, inner, 1, f"{name}_1")
        if kind == "asymmetric":
            x = make.convolve(x, inner, (SIDE, 1), f"{name}_2_down", use_bias=False)
            x = unit(x, inner, (1, SIDE), f"{name}_2")
        else:
            dilation = int(kind.removeprefix("dilated")) if kind.startswith("dilated") else 1
            x = unit(x, inner, 3, f"{name}_2", dilation_rate=dilation)
        x = make.unit(x, channels, 1, f"{name}_3", None)
        return slope(keras.layers.Add(name=f"{name}_add")([short, x]), f"{name}_out")

    images = keras.Input((size, size, 3), name="images")
    x = make.convolve(images, 13, 3, "stem_conv", strides=2, use_bias=False)
    pooled = keras.layers.MaxPooling2D(2, name="stem_pool")(images)
    x = slope(make.normalize(keras.layers.Concatenate(name="stem_join")([x, pooled]), "stem"), "stem")
    for stage, channels in STAGES.items():
        if x.shape[-1] < channels:
            x = bottleneck(x, channels, "halved", f"{stage}_block0")
        for number, kind in enumerate(BOTTLENECKS[stage], start=1):
            x = bottleneck(x, channels, kind, f"{stage}_block{number}")
    return quieten(keras.Model(images, classifier(x, classes, embedding, seed), name="enet"), "_3_bn")


def with_dropout(model: "keras.Model") -> "keras.Model":
    """Return a copy for training, in which whole maps are dropped at the end of each branch."""
    import keras

    from transferpain.networks.backbones.parts import dropout_behind

    ends = [layer.name for layer in model.layers if layer.name.endswith("_3_bn")]
    rates = {name: DROPPED[first_part(name)] for name in ends}
    return dropout_behind(model, rates, keras.layers.SpatialDropout2D)


ENET = Backbone(
    name="enet",
    title="ENet's encoder",
    min_size=32,
    width=WIDTH,
    channels=CHANNELS,
    blocks=blocks_of(("stage3",), ("stage2",), ("stage1",), ("stem",)),
    layers=frozenset(
        {
            "InputLayer",
            "Conv2D",
            "BatchNormalization",
            "PReLU",
            "MaxPooling2D",
            "Concatenate",
            "Permute",
            "ZeroPadding2D",
            "Add",
            "GlobalAveragePooling2D",
            "Dense",
            "Activation",
        }
    ),
    cost=311_209_728,
    slower=7.2,
    normalizes=True,
    network=build_enet,
    step=8,
    dropping=with_dropout,
)
