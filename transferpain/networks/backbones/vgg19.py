"""VGG19 with global average pooling (Simonyan and Zisserman, ICLR 2015): VGG16 with sixteen convolutions."""

from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.networks.backbones.base import KERAS_FILES, Backbone, Weights, keras_asset
from transferpain.networks.backbones.very_deep import BLOCKS, CITATION, LAYERS, build_vgg_gap, take_convolutions

if TYPE_CHECKING:
    import keras

CONVOLUTIONS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))  # filters, convolutions of each block
WIDTH = 1024
FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"


def build_vgg19_gap(size: int, classes: int, seed: int = 0, embedding: int = WIDTH) -> "keras.Model":
    """Build VGG19 as `build_vgg16_gap` builds VGG16: 20,024,384 parameters below `gap`."""
    return build_vgg_gap("vgg19_gap", CONVOLUTIONS, size, classes, seed, embedding)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's convolutions from Keras' file into a VGG19-GAP; the layers above stay random."""
    import keras

    return take_convolutions(model, keras.applications.VGG19(include_top=False, weights=str(path)))


VGG19 = Backbone(
    name="vgg19",
    title="VGG19",
    min_size=16,
    width=WIDTH,
    channels=512,
    blocks=BLOCKS,
    layers=LAYERS,
    cost=19_508_953_088,
    normalizes=False,
    network=build_vgg19_gap,
    imagenet=Weights(
        asset=keras_asset(
            "vgg19",
            "VGG19",
            f"{KERAS_FILES}/vgg19/{FILE}",
            80_134_624,
            "253f8cb515780f3b799900260a226db6",
            "CC-BY-4.0",
        ),
        scaling="caffe",
        fill=fill_from_imagenet,
        licence="Creative Commons Attribution 4.0.",
        citation=CITATION,
        page="https://www.robots.ox.ac.uk/~vgg/research/very_deep/",
    ),
)
