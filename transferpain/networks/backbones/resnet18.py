"""ResNet-18 (He et al., CVPR 2016; so in Hosseini), built by keras-cv and renamed."""

import re
from typing import TYPE_CHECKING

from transferpain.core.quiet import module_hidden
from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.base import CLASSIFIER, Backbone, Block

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
    import keras

    # Frozen upstream and slow to import: only here, and no saved model needs it. It would load PyTorch for nothing.
    with module_hidden("torch"):
        import keras_cv

    from transferpain.networks.backbones.surgery import classifier, rebuilt

    backbone = keras_cv.models.ResNetBackbone(
        stackwise_filters=[64, 128, 256, 512],
        stackwise_blocks=[2, 2, 2, 2],
        stackwise_strides=[1, 2, 2, 2],
        block_type="basic_block",
        include_rescaling=False,
        input_shape=(size, size, 3),
    )
    outputs = classifier(backbone.output, classes, embedding, seed)
    model = keras.Model(backbone.input, outputs, name="resnet18")

    def named_and_seeded(config: dict) -> dict:
        config["name"] = _own_name(config["name"])
        if config["name"].endswith("_conv"):
            initializer = keras.initializers.HeNormal(seed=derive_seed(seed, config["name"]))
            config["kernel_initializer"] = keras.initializers.serialize(initializer)
        return config

    return rebuilt(model, size, named_and_seeded)


def _own_name(name: str) -> str:
    """Translate keras-cv's layer names: `conv1_bn` -> `stem_bn`, `v2_stack_0_block1_1_conv` -> `stage1_...`."""
    name = re.sub(r"^(conv1|pool1)_", "stem_", name)
    return re.sub(r"^v2_stack_(\d)", lambda match: f"stage{int(match[1]) + 1}", name)


RESNET18 = Backbone(
    name="resnet18",
    title="ResNet-18",
    min_size=32,
    width=WIDTH,
    channels=512,
    blocks=(
        CLASSIFIER,
        Block("stage4", ("stage4",)),
        Block("stage3", ("stage3",)),
        Block("stage2", ("stage2",)),
        Block("stage1", ("stage1", "stem")),
    ),
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
    cost=1_814_085_632,
    normalizes=True,
    network=build_resnet18,
)
