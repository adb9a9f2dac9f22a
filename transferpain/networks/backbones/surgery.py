"""What is done to every backbone: the classifier on top, and copies under another dtype or with other outputs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import keras

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.base import FIXED, IN_FLOAT32

CUTS = ("embedding", "gap")


def with_dtype(model: keras.Model, dtype: str, kernel_l2: float = 0.0) -> keras.Model:
    """Return a copy of `model`, weights included, under another dtype policy; all layers are trainable but fixed ones.

    The policy is given to each layer at construction, as Keras documents it. The softmax, and the scaling of a network
    that takes pixels, stay float32.

    Args:
        dtype: `float32`; `mixed_bfloat16` (float32 weights, for training); `bfloat16` (for inference).
        kernel_l2: L2 penalty on the kernels of convolutions and dense layers; 0 means none, whatever `model` has.
    """
    penalty = keras.regularizers.serialize(keras.regularizers.L2(kernel_l2)) if kernel_l2 else None

    def changed(config: dict) -> dict:
        config["dtype"] = "float32" if config["name"].startswith(IN_FLOAT32) else dtype
        config["trainable"] = not config["name"].startswith(FIXED)
        for kind in ("kernel_regularizer", "depthwise_regularizer"):
            if kind in config:
                config[kind] = penalty
        return config

    return copied(model, keras.Input(model.input_shape[1:], name="images"), changed)


def with_classes(
    model: keras.Model, classes: int, size: int, seed: int, feature_layer: str = "embedding"
) -> keras.Model:
    """Return a copy of `model` with a new output layer, for images of `size` pixels; all other weights are kept.

    Args:
        classes: number of outputs of the new, freshly drawn `logits` layer.
        size: side of the images; convolutions and global pooling fit any side.
        seed: seeds the new layer.
        feature_layer: name of the layer that the new output stands on, `embedding` or `gap`; what is above is left out.

    Raises:
        UserError: if there is no such layer, or the network reads pictures of the size that it was made for alone.
    """
    vectors = [layer.name for layer in model.layers if len(getattr(layer.output, "shape", ())) == 2]
    if feature_layer not in vectors:
        raise UserError(
            f"{model.name} cannot be cut at {feature_layer}.",
            rule="It is cut at a layer that gives one row of features for a picture.",
            received=feature_layer,
            todo=f"Name one of: {', '.join(name for name in vectors if name in CUTS)}.",
        )
    trunk = keras.Model(model.input, model.get_layer(feature_layer).output, name=model.name)
    own = model.input_shape[1]
    try:
        copy = copied(trunk, keras.Input((size, size, 3), name="images"))
    except ValueError as error:  # a layer whose shape or weights go by the number of places
        if size == own:
            raise
        raise UserError(
            f"{model.name} cannot be taken to pictures of another size.",
            rule=f"It has layers that are bound to the size it was made for, {own}x{own} pixels.",
            received=f"{size}x{size}",
            todo=f"Use pictures of {own} pixels, or a network of convolutions alone.",
        ) from error
    return keras.Model(copy.input, _outputs(copy.output, classes, seed), name=model.name)


def copied(
    model: keras.Model,
    images: keras.KerasTensor,
    change: Callable[[dict], dict] = lambda config: config,
    wrap: Callable[[keras.Layer], keras.Layer] = lambda layer: layer,
) -> keras.Model:
    """Return a copy of a backbone's layers and weights on other images.

    Kernels are not drawn before they are copied: of VGG16 or ResNet-18 that takes longer than all the rest.

    Args:
        images: input of the copy.
        change: takes the configuration of each layer and returns that of its copy.
        wrap: takes each new layer and returns what stands in its place, under its name.
    """
    initializers = []

    def copy(layer: keras.Layer) -> keras.Layer:
        if not isinstance(layer, keras.Layer):  # an operation, such as that which reverses the channels
            return layer.__class__.from_config(layer.get_config())
        new = layer.__class__.from_config(change(layer.get_config()))
        if hasattr(new, "kernel_initializer"):
            initializers.append((new, new.kernel_initializer))
            new.kernel_initializer = keras.initializers.Zeros()
        return wrap(new)

    uncompiled = keras.Model(model.input, model.output, name=model.name)  # a clone would keep the optimiser
    clone = keras.models.clone_model(uncompiled, input_tensors=images, clone_function=copy)
    for layer, initializer in initializers:
        layer.kernel_initializer = initializer
    return copy_weights(model, clone)


def copy_weights(source: keras.Model, target: keras.Model) -> keras.Model:
    """Copy the weights of every layer of `source` to the layer of `target` with the same name."""
    for layer in source.layers:
        target.get_layer(layer.name).set_weights(layer.get_weights())
    return target


def take_weights(model: keras.Model, other: keras.Model) -> None:
    """Copy the weights of each layer of `model` from the layer of `other`, which may have more, with the same name."""
    for layer in model.layers:
        layer.set_weights(other.get_layer(layer.name).get_weights())


def classifier(x, classes: int, embedding: int, seed: int):
    """Put global average pooling, the embedding (ReLU, He-normal) and the output on maps `(batch, h, w, channels)`."""
    initializer = keras.initializers.HeNormal(seed=derive_seed(seed, "embedding"))
    x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
    x = keras.layers.Dense(embedding, activation="relu", kernel_initializer=initializer, name="embedding")(x)
    return _outputs(x, classes, seed)


def without_weights(make: Callable[[], keras.Model]) -> keras.Model:
    """Return a network that is read for its wiring and its layers' settings alone: none of its weights is drawn.

    A third of the time of a build would go into drawing them. Keras keeps a list of weights to draw later for each
    thread: this one's ends with it.
    """

    def undrawn() -> keras.Model:
        with keras.StatelessScope(initialize_variables=False):
            return make()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(undrawn).result()


def rebuilt(model: keras.Model, size: int, change: Callable[[dict], dict]) -> keras.Model:
    """Return a model of the same wiring with new weights, each layer's configuration passed through `change`."""
    images = keras.Input((size, size, 3), name="images")
    uncompiled = keras.Model(model.input, model.output, name=model.name)  # a clone would keep the optimiser
    return keras.models.clone_model(
        uncompiled,
        input_tensors=images,
        clone_function=lambda layer: layer.__class__.from_config(change(layer.get_config())),
    )


def _outputs(x, classes: int, seed: int):
    initializer = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
    x = keras.layers.Dense(classes, kernel_initializer=initializer, name="logits")(x)
    return keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
