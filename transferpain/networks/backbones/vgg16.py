"""VGG16 with global average pooling (Simonyan and Zisserman, ICLR 2015; so in Prajod)."""

from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import KERAS_FILES, Backbone, Weights, keras_asset
from transferpain.networks.backbones.very_deep import BLOCKS, CITATION, LAYERS, build_vgg_gap, take_convolutions

if TYPE_CHECKING:
    import keras

CONVOLUTIONS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters, convolutions of each block
WIDTH = 1024


def build_vgg16_gap(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build VGG16 whose last max pooling is replaced by global average pooling, then a dense embedding (Prajod).

    Average pooling stands directly on `block5_conv3`. That, the ReLU of the embedding, and He-normal weights
    (with Keras' Glorot default the network stays at chance) are our choices, not the paper's.

    Args:
        size: side of the square images in pixels, at least 16.
        classes: number of outputs; 15,240,000 parameters and 1,025 for each output.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
    """
    return build_vgg_gap("vgg16_gap", CONVOLUTIONS, size, classes, seed, embedding)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's convolutions from Keras' file into a VGG16-GAP; the layers above stay random."""
    import keras

    return take_convolutions(model, keras.applications.VGG16(include_top=False, weights=str(path)))


FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
VGG16 = Backbone(
    name="vgg16",
    title="VGG16",
    min_size=16,
    width=WIDTH,
    channels=512,
    blocks=BLOCKS,
    layers=LAYERS,
    cost=15_347_154_944,
    normalizes=False,
    network=build_vgg16_gap,
    imagenet=Weights(
        asset=keras_asset(
            "vgg16",
            "VGG16",
            f"{KERAS_FILES}/vgg16/{FILE}",
            58_889_256,
            "6d6bbae143d832006294945121d1f1fc",
            "CC-BY-4.0",
        ),
        scaling="caffe",
        fill=fill_from_imagenet,
        licence="Creative Commons Attribution 4.0.",
        citation=CITATION,
        page="https://www.robots.ox.ac.uk/~vgg/research/very_deep/",
    ),
)
