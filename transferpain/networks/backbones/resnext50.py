"""ResNeXt-50 32x4d (Xie et al., CVPR 2017): residual blocks whose 3x3 convolution stands in 32 groups.

Keras states the hash of a file of ImageNet's weights, and has no network that reads it.
"""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

WIDTH = 1024
STAGES = ((128, 3), (256, 4), (512, 6), (1024, 3))  # filters in groups, blocks; twice as many filters come out
GROUPS = 32


def build_resnext50(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ResNeXt-50, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. 22,979,904 parameters
        that are trained, and 68,224 averages, stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.parts import Layers, quieten
    from transferpain.networks.backbones.surgery import classifier

    make = Layers(seed)
    images = keras.Input((size, size, 3), name="images")
    x = make.unit(images, 64, 7, "stem", strides=2)
    x = keras.layers.MaxPooling2D(3, 2, "same", name="stem_pool")(x)
    for stage, (filters, blocks) in enumerate(STAGES, start=1):
        for number in range(1, blocks + 1):
            name = f"stage{stage}_block{number}"
            strides = 2 if number == 1 and stage > 1 else 1
            short = make.unit(x, 2 * filters, 1, f"{name}_0", None, strides=strides) if number == 1 else x
            x = make.unit(x, filters, 1, f"{name}_1")
            x = make.unit(x, filters, 3, f"{name}_2", groups=GROUPS, strides=strides)
            x = make.unit(x, 2 * filters, 1, f"{name}_3", None)
            x = keras.layers.Add(name=f"{name}_add")([short, x])
            x = keras.layers.Activation("relu", name=f"{name}_out")(x)
    return quieten(keras.Model(images, classifier(x, classes, embedding, seed), name="resnext50"), "_3_bn")


RESNEXT50 = Backbone(
    name="resnext50",
    title="ResNeXt-50",
    min_size=32,
    width=WIDTH,
    channels=2048,
    blocks=blocks_of(("stage4",), ("stage3",), ("stage2",), ("stage1", "stem")),
    layers=frozenset(
        {
            "InputLayer",
            "Conv2D",
            "BatchNormalization",
            "MaxPooling2D",
            "Add",
            "GlobalAveragePooling2D",
            "Dense",
            "Activation",
        }
    ),
    cost=4_230_529_024,
    slower=5.2,
    normalizes=True,
    network=build_resnext50,
)
