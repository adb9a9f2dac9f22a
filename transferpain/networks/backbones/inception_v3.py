"""InceptionV3 (Szegedy et al., CVPR 2016), as keras.applications builds it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import KERAS_FILES, Backbone, Weights, blocks_of, keras_asset

if TYPE_CHECKING:
    import keras

    from transferpain.networks.backbones.parts import Published

WIDTH = 1024
KINDS = {
    "Conv2D": "conv",
    "BatchNormalization": "bn",
    "Activation": "relu",
    "MaxPooling2D": "maximum",
    "AveragePooling2D": "average",
    "Concatenate": "join",
}


def own_names(published: "keras.Model") -> Mapping[str, str]:
    """Layers get names of their own: Keras counts them through all networks of a process.

    The blocks are joined at one layer each, so that all layers between two of these belong to the second.
    """
    kinds: dict[str, list[keras.Layer]] = {}
    block, names = "stem", {}
    ends = [layer.name for layer in published.layers if layer.name.removeprefix("mixed").isdecimal()]
    for layer in published.layers[1:]:
        kinds.setdefault(type(layer).__name__, []).append(layer)
    numbers = {
        layer.name: place
        for layers in kinds.values()
        for place, layer in enumerate(sorted(layers, key=lambda layer: _count(layer.name)), start=1)
    }
    pools = 0
    for layer in published.layers[1:]:
        if not layer.name.startswith("mixed"):
            kind = type(layer).__name__
            names[layer.name] = f"{block}_{KINDS[kind]}{numbers[layer.name]}"
            pools += kind == "MaxPooling2D"
            block = ends[0] if pools == 2 and block == "stem" else block
        elif layer.name in ends[:-1]:
            block = ends[ends.index(layer.name) + 1]
    return names


def _count(name: str) -> int:
    """Return the number behind a name that Keras gave; the first has none."""
    return int(name.rpartition("_")[2]) if name.rpartition("_")[2].isdecimal() else 0


def published_inception_v3() -> "Published":
    """Return Keras' InceptionV3 as a backbone."""
    import keras

    from transferpain.networks.backbones.parts import Published

    return Published("inception_v3", keras.applications.InceptionV3, own_names)


def build_inception_v3(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build InceptionV3, global average pooling and a dense embedding, our choice; He-normal weights.

    Args:
        size: side of the square images in pixels, at least 75.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        21,802,784 parameters stand below `gap`.
    """
    return published_inception_v3().build(size, classes, seed, embedding)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's weights from Keras' file into the backbone; the layers above stay random."""
    return published_inception_v3().fill(model, path)


INCEPTION_V3 = Backbone(
    name="inception_v3",
    title="InceptionV3",
    min_size=75,
    width=WIDTH,
    channels=2048,
    blocks=blocks_of(
        ("mixed10",),
        ("mixed9",),
        ("mixed8",),
        ("mixed7", "mixed6", "mixed5", "mixed4"),
        ("mixed3",),
        ("mixed2", "mixed1", "mixed0"),
        ("stem",),
    ),
    layers=frozenset(
        {
            "InputLayer",
            "Conv2D",
            "BatchNormalization",
            "GlobalAveragePooling2D",
            "Dense",
            "Activation",
            "MaxPooling2D",
            "AveragePooling2D",
            "Concatenate",
        }
    ),
    cost=2_837_970_272,
    slower=1.8,
    normalizes=True,
    network=build_inception_v3,
    imagenet=Weights(
        asset=keras_asset(
            "inception_v3",
            "InceptionV3",
            f"{KERAS_FILES}/inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
            87_910_968,
            "bcbd6486424b2319ff4ef7d526e38f63",
            "Apache-2.0",
        ),
        scaling="symmetric",
        fill=fill_from_imagenet,
        licence="Apache License 2.0.",
        citation="Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016",
        page="https://keras.io/api/applications/inceptionv3/",
    ),
)
