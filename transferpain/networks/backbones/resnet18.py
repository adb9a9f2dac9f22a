"""ResNet-18 (He et al., CVPR 2016; so in Hosseini), built by keras-cv and renamed."""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone
from transferpain.networks.backbones.basic_blocks import BLOCKS, LAYERS

if TYPE_CHECKING:
    import keras

WIDTH = 1024


def build_resnet18(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ResNet-18 (keras-cv's backbone), global average pooling and a dense embedding.

    The blocks are named `stem`, `stage1` ... `stage4`. Hosseini states ResNet-18 and no embedding; the embedding
    makes its features as wide as Prajod's, our choice. He-normal weights. Cut at `gap` it is Hosseini's network:
    11,186,112 parameters and 513 for each output.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs; 11,719,624 parameters with eight.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
    """
    from transferpain.networks.backbones.keras_cv_parts import build_basic_resnet

    return build_basic_resnet("resnet18", (2, 2, 2, 2), size, classes, seed, embedding)


RESNET18 = Backbone(
    name="resnet18",
    title="ResNet-18",
    min_size=32,
    width=WIDTH,
    channels=512,
    blocks=BLOCKS,
    layers=LAYERS,
    cost=1_814_085_632,
    slower=1.5,
    normalizes=True,
    network=build_resnet18,
)
