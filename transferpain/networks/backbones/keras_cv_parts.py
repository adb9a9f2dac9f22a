"""What comes from keras-cv, which is frozen upstream: no other module imports it, and no saved model needs it."""

import re

import keras

from transferpain.core.quiet import module_hidden
from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.surgery import classifier, rebuilt, without_weights

# Slow to import, and it would load PyTorch for nothing.
with module_hidden("torch"):
    import keras_cv

STAGES = (64, 128, 256, 512)


def build_basic_resnet(
    name: str, blocks: tuple[int, ...], size: int, classes: int, seed: int, embedding: int
) -> keras.Model:
    """Build a residual network of basic blocks, global average pooling and a dense embedding.

    The blocks are named `stem`, `stage1` ... `stage4`. He-normal weights.

    Args:
        name: of the model.
        blocks: how many blocks each stage has.
        size, classes, seed, embedding: as of `build_resnet18`.
    """

    def wired() -> keras.Model:
        backbone = keras_cv.models.ResNetBackbone(
            stackwise_filters=list(STAGES),
            stackwise_blocks=list(blocks),
            stackwise_strides=[1, 2, 2, 2],
            block_type="basic_block",
            include_rescaling=False,
            input_shape=(size, size, 3),
        )
        return keras.Model(backbone.input, classifier(backbone.output, classes, embedding, seed), name=name)

    def named_and_seeded(config: dict) -> dict:
        config["name"] = _own_name(config["name"])
        if config["name"].endswith("_conv"):
            initializer = keras.initializers.HeNormal(seed=derive_seed(seed, config["name"]))
            config["kernel_initializer"] = keras.initializers.serialize(initializer)
        return config

    return rebuilt(without_weights(wired), size, named_and_seeded)


def _own_name(name: str) -> str:
    """Translate keras-cv's layer names: `conv1_bn` -> `stem_bn`, `v2_stack_0_block1_1_conv` -> `stage1_...`."""
    name = re.sub(r"^(conv1|pool1)_", "stem_", name)
    return re.sub(r"^v2_stack_(\d)", lambda match: f"stage{int(match[1]) + 1}", name)
