"""The networks that are pretrained: VGG16 with global average pooling, and ResNet-18.

Both are un-nested functional models of core Keras layers: input `images`, `(batch, size, size, 3)`, already
scaled; then named blocks, `gap`, `embedding` (ReLU), `logits`, and a float32 softmax `probabilities`.
"""

import re
from collections.abc import Callable

import keras

from transferpain.core.seeds import derive_seed

VGG16_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters, convolutions


def build_vgg16_gap(size: int, classes: int, embedding: int = 1024, seed: int = 0) -> keras.Model:
    """Build VGG16 whose last max pooling is replaced by global average pooling, then a dense embedding (Prajod).

    Average pooling stands directly on `block5_conv3`. That, the ReLU of the embedding, and He-normal weights
    (with Keras' Glorot default the network stays at chance) are our choices, not the paper's.

    Args:
        size: side of the square images in pixels, at least 16.
        classes: number of outputs; 15,240,000 parameters and 1,025 for each output.
        embedding: features of an image, D.
        seed: seeds the initial weights, each layer by its name.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
    """
    images = keras.Input((size, size, 3), name="images")
    x = images
    for block, (filters, convolutions) in enumerate(VGG16_BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            initializer = keras.initializers.HeNormal(seed=derive_seed(seed, name))
            x = keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", kernel_initializer=initializer, name=name
            )(x)
        if block < len(VGG16_BLOCKS):
            x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return keras.Model(images, _classifier(x, classes, embedding, seed), name="vgg16_gap")


def build_resnet18(size: int, classes: int, embedding: int = 1024, seed: int = 0) -> keras.Model:
    """Build ResNet-18 (keras-cv's backbone), global average pooling and a dense embedding.

    The blocks are named `stem`, `stage1` ... `stage4`. Hosseini states ResNet-18 and no embedding; the embedding
    makes its features as wide as Prajod's, our choice. He-normal weights.

    Args:
        size: side of the square images in pixels, at least 32.
        classes: number of outputs; 11,719,624 parameters with eight.
        embedding: features of an image, D.
        seed: seeds the initial weights, each layer by its name.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.
    """
    import keras_cv  # frozen upstream and slow to import: only here, and no saved model needs it

    backbone = keras_cv.models.ResNetBackbone(
        stackwise_filters=[64, 128, 256, 512],
        stackwise_blocks=[2, 2, 2, 2],
        stackwise_strides=[1, 2, 2, 2],
        block_type="basic_block",
        include_rescaling=False,
        input_shape=(size, size, 3),
    )
    outputs = _classifier(backbone.output, classes, embedding, seed)
    model = keras.Model(backbone.input, outputs, name="resnet18")

    def named_and_seeded(config: dict) -> dict:
        config["name"] = _resnet_name(config["name"])
        if config["name"].endswith("_conv"):
            initializer = keras.initializers.HeNormal(seed=derive_seed(seed, config["name"]))
            config["kernel_initializer"] = keras.initializers.serialize(initializer)
        return config

    return _rebuilt(model, size, named_and_seeded)


def with_dtype(model: keras.Model, dtype: str, kernel_l2: float = 0.0) -> keras.Model:
    """Return a copy of `model`, weights included, that computes under another dtype policy, with all layers trainable.

    The policy is given to each layer at construction, as Keras documents it. The softmax stays float32.

    Args:
        dtype: `float32`; `mixed_bfloat16` (float32 weights, for training); `bfloat16` (for inference).
        kernel_l2: L2 penalty on the kernels of convolutions and dense layers; 0 means none, whatever `model` has.
    """
    penalty = keras.regularizers.serialize(keras.regularizers.L2(kernel_l2)) if kernel_l2 else None

    def changed(config: dict) -> dict:
        config["dtype"] = "float32" if config["name"] == "probabilities" else dtype
        config["trainable"] = True
        if "kernel_regularizer" in config:
            config["kernel_regularizer"] = penalty
        return config

    return copy_weights(model, _rebuilt(model, model.input_shape[1], changed))


def with_classes(model: keras.Model, classes: int, size: int, seed: int, cut: str = "embedding") -> keras.Model:
    """Return a copy of `model` with a new output layer, for images of `size` pixels; all other weights are kept.

    Args:
        classes: number of outputs of the new, freshly drawn `logits` layer.
        size: side of the images; convolutions and global pooling fit any side.
        seed: seeds the new layer.
        cut: name of the layer that the new output stands on; what is above it is left out. Cut at `gap`, ResNet-18
            has 11,186,112 parameters and 513 for each output, as Hosseini's network.
    """
    trunk = keras.Model(model.input, model.get_layer(cut).output, name=model.name)
    copy = copy_weights(trunk, _rebuilt(trunk, size, lambda config: config))
    return keras.Model(copy.input, _outputs(copy.output, classes, seed), name=model.name)


def copy_weights(source: keras.Model, target: keras.Model) -> keras.Model:
    """Copy the weights of every layer of `source` to the layer of `target` with the same name."""
    for layer in source.layers:
        target.get_layer(layer.name).set_weights(layer.get_weights())
    return target


def _classifier(x, classes: int, embedding: int, seed: int):
    initializer = keras.initializers.HeNormal(seed=derive_seed(seed, "embedding"))
    x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
    x = keras.layers.Dense(embedding, activation="relu", kernel_initializer=initializer, name="embedding")(x)
    return _outputs(x, classes, seed)


def _outputs(x, classes: int, seed: int):
    initializer = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
    x = keras.layers.Dense(classes, kernel_initializer=initializer, name="logits")(x)
    return keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)


def _rebuilt(model: keras.Model, size: int, change: Callable[[dict], dict]) -> keras.Model:
    """Return a model of the same wiring with new weights, each layer's configuration passed through `change`."""
    images = keras.Input((size, size, 3), name="images")
    uncompiled = keras.Model(model.input, model.output, name=model.name)  # a clone would keep the optimiser
    return keras.models.clone_model(
        uncompiled,
        input_tensors=images,
        clone_function=lambda layer: layer.__class__.from_config(change(layer.get_config())),
    )


def _resnet_name(name: str) -> str:
    """Translate keras-cv's layer names: `conv1_bn` -> `stem_bn`, `v2_stack_0_block1_1_conv` -> `stage1_...`."""
    name = re.sub(r"^(conv1|pool1)_", "stem_", name)
    return re.sub(r"^v2_stack_(\d)", lambda match: f"stage{int(match[1]) + 1}", name)
