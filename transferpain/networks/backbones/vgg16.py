"""VGG16 with global average pooling (Simonyan and Zisserman, ICLR 2015; so in Prajod)."""

from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.core.assets.asset import Asset
from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.base import CLASSIFIER, Backbone, Block, Weights, in_keras_folder

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


def build_vgg_gap(
    name: str, convolutions: tuple[tuple[int, int], ...], size: int, classes: int, seed: int, embedding: int
) -> "keras.Model":
    """Build VGG16-GAP or its like.

    Args:
        name: of the model.
        convolutions: filters and number of the convolutions of each block.
        size, classes, seed, embedding: as of `build_vgg16_gap`.
    """
    import keras

    from transferpain.networks.backbones.surgery import classifier

    images = keras.Input((size, size, 3), name="images")
    x = images
    for block, (filters, count) in enumerate(convolutions, start=1):
        for number in range(1, count + 1):
            layer = f"block{block}_conv{number}"
            initializer = keras.initializers.HeNormal(seed=derive_seed(seed, layer))
            x = keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", kernel_initializer=initializer, name=layer
            )(x)
        if block < len(convolutions):
            x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return keras.Model(images, classifier(x, classes, embedding, seed), name=name)


def fill_from_imagenet(model: "keras.Model", path: Path) -> "keras.Model":
    """Copy ImageNet's convolutions from Keras' file into a VGG16-GAP; the layers above stay random."""
    import keras

    return take_convolutions(model, keras.applications.VGG16(include_top=False, weights=str(path)))


def take_convolutions(model: "keras.Model", pretrained: "keras.Model") -> "keras.Model":
    """Copy the convolutions of Keras' VGG16 or VGG19 into its like with GAP; their layers have the same names."""
    import keras

    for layer in pretrained.layers:
        if isinstance(layer, keras.layers.Conv2D):
            model.get_layer(layer.name).set_weights(layer.get_weights())
    return model


VERY_DEEP = "Very Deep Convolutional Networks for Large-Scale Image Recognition"
FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
VGG16 = Backbone(
    name="vgg16",
    title="VGG16",
    min_size=16,
    width=WIDTH,
    channels=512,
    blocks=(CLASSIFIER, *(Block(name, (name,)) for name in ("block5", "block4", "block3", "block2", "block1"))),
    layers=frozenset({"InputLayer", "Conv2D", "MaxPooling2D", "GlobalAveragePooling2D", "Dense", "Activation"}),
    cost=15_347_154_944,
    normalizes=False,
    network=build_vgg16_gap,
    imagenet=Weights(
        asset=Asset(
            name="imagenet-vgg16",
            file=FILE,
            bytes=58_889_256,
            algorithm="md5",  # as it stands in Keras, which states nothing stronger
            digest="6d6bbae143d832006294945121d1f1fc",
            licence="CC-BY-4.0",
            url=f"https://storage.googleapis.com/tensorflow/keras-applications/vgg16/{FILE}",
            serves="the source imagenet of VGG16",
            places=(in_keras_folder(FILE),),
        ),
        scaling="caffe",
        fill=fill_from_imagenet,
        licence="Creative Commons Attribution 4.0.",
        citation=f"Simonyan and Zisserman, {VERY_DEEP}, ICLR 2015",
        page="https://www.robots.ox.ac.uk/~vgg/research/very_deep/",
    ),
)
