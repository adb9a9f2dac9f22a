"""ResNet-34 (He et al., CVPR 2016), by keras-cv; trained with DropBlock (Ghiasi et al., NeurIPS 2018).

DropBlock serves training alone: no saved model has it, and neither selection nor prediction sees it.
"""

from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import Backbone
from transferpain.networks.backbones.basic_blocks import BLOCKS, LAYERS

if TYPE_CHECKING:
    import keras

WIDTH = 1024
DEPTHS = (3, 4, 6, 3)
# The paper's, on its last two groups; its rate grows during training, ours is the same throughout (our choice).
DROPPED, SQUARE = 0.1, 7
STAGES = ("stage3", "stage4")


def build_resnet34(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build ResNet-34 as `build_resnet18` builds ResNet-18: 21,301,696 parameters below `gap`."""
    from transferpain.networks.backbones.keras_cv_parts import build_basic_resnet

    return build_basic_resnet("resnet34", DEPTHS, size, classes, seed, embedding)


def with_drop_block(model: "keras.Model") -> "keras.Model":
    """Return a copy for training, with DropBlock behind each block of the last two stages."""
    from transferpain.networks.backbones import drop_block

    names = tuple(layer.name for layer in model.layers if layer.name.endswith("_out"))
    chosen = tuple(name for name in names if name.startswith(STAGES))
    return drop_block.with_drop_block(model, chosen, DROPPED, SQUARE)


RESNET34 = Backbone(
    name="resnet34",
    title="ResNet-34 with DropBlock",
    min_size=32,
    width=WIDTH,
    channels=512,
    blocks=BLOCKS,
    layers=LAYERS,
    cost=3_663_773_696,
    slower=1.3,
    normalizes=True,
    network=build_resnet34,
    dropping=with_drop_block,
)
