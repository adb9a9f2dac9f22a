"""What ResNet-18 and ResNet-34, of blocks of two convolutions, have in common (He et al., CVPR 2016)."""

from transferpain.networks.backbones.base import CLASSIFIER, Block

BLOCKS = (
    CLASSIFIER,
    Block("stage4", ("stage4",)),
    Block("stage3", ("stage3",)),
    Block("stage2", ("stage2",)),
    Block("stage1", ("stage1", "stem")),
)
LAYERS = frozenset(
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
)
