"""What VGG16 and VGG19 have in common (Simonyan and Zisserman, ICLR 2015)."""

from typing import TYPE_CHECKING

from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.base import CLASSIFIER, Block

if TYPE_CHECKING:
    import keras

BLOCKS = (CLASSIFIER, *(Block(name, (name,)) for name in ("block5", "block4", "block3", "block2", "block1")))
LAYERS = frozenset({"InputLayer", "Conv2D", "MaxPooling2D", "GlobalAveragePooling2D", "Dense", "Activation"})
CITATION = "Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015"


def build_vgg_gap(
    name: str, convolutions: tuple[tuple[int, int], ...], size: int, classes: int, seed: int, embedding: int
) -> "keras.Model":
    """Build VGG16-GAP or its like.

    Args:
        name: of the model.
        convolutions: filters and number of the convolutions of each block.
        size, classes, seed, embedding: as of `vgg16.build_vgg16_gap`.
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


def take_convolutions(model: "keras.Model", pretrained: "keras.Model") -> "keras.Model":
    """Copy the convolutions of Keras' VGG16 or VGG19 into its like with GAP; their layers have the same names."""
    import keras

    for layer in pretrained.layers:
        if isinstance(layer, keras.layers.Conv2D):
            model.get_layer(layer.name).set_weights(layer.get_weights())
    return model
