"""Grad-CAM: where in a picture a network looks when it answers (Selvaraju et al., ICCV 2017)."""

import cv2
import keras
import numpy as np
import tensorflow as tf
from scipy.stats import spearmanr

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed


def grad_cam(
    model: keras.Model, inputs: np.ndarray | list[np.ndarray], layer: str, classes: np.ndarray | None = None
) -> np.ndarray:
    """Return the maps of a layer for a class: the channels, each weighted by the mean gradient of the class's logit.

    A network that ends in ordered levels has no logit for each: the gradient is that of the expected level, whatever
    the class, and the map shows what raises the level.

    Args:
        model: any image model of the toolkit, float32; its output stands on a layer named `logits`.
        inputs: what the model reads: `(batch, size, size, 3)`, or a list where it has several inputs.
        layer: a layer with maps, e.g. `block5_conv3` or `stage4_block2_out`.
        classes: int `(batch,)`, the class of each picture; `None` takes the one that the model answers.

    Returns:
        float32 `(batch, height, width)` in the layer's own size, or `(batch, frames, height, width)` where it sees
        several; between 0 and 1, each map divided by its highest value. A map on which nothing speaks for the class
        is 0 all over.

    Raises:
        UserError: if the model has no such layer, or the layer has no maps.
    """
    logits = model.get_layer("logits").output
    ordered = logits.shape[-1] != model.output.shape[-1]
    said = model.output if ordered else logits
    both = keras.Model(model.inputs, [_map_layer(model, layer).output, said])
    tensors = [tf.convert_to_tensor(given, tf.float32) for given in (inputs if isinstance(inputs, list) else [inputs])]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        # Watched here, because a frozen network has no variable that is.
        tape.watch(tensors)
        maps, said = both(tensors, training=False)
        if ordered:
            score = tf.reduce_sum(said * tf.range(said.shape[-1], dtype=said.dtype), axis=1)
        else:
            chosen = tf.argmax(said, axis=1) if classes is None else tf.convert_to_tensor(classes, tf.int64)
            score = tf.gather(said, chosen, axis=1, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(-3, -2), keepdims=True)
    cams = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy().astype(np.float32)
    highest = cams.max(axis=(-2, -1), keepdims=True)
    return np.divide(cams, highest, out=np.zeros_like(cams), where=highest > 0)


def map_layers(model: keras.Model) -> list[str]:
    """Return the names of the layers that `grad_cam` can show, from the input up."""
    before = keras.layers.InputLayer | keras.layers.Rescaling  # the picture itself
    return [layer.name for layer in model.layers if not isinstance(layer, before) and _has_maps(layer)]


def enlarge(maps: np.ndarray, size: int) -> np.ndarray:
    """Scale maps `(batch, height, width)` bilinearly to the pictures' size, float32 `(batch, size, size)`."""
    resized = [cv2.resize(np.float32(one), (size, size), interpolation=cv2.INTER_LINEAR) for one in maps]
    return np.array(resized, np.float32).reshape(-1, size, size)


def map_similarity(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each map with another one, float64 `(batch,)`; 0 where one is even."""
    pairs = zip(maps.reshape(len(maps), -1), others.reshape(len(others), -1), strict=True)
    return np.array([spearmanr(one, other)[0] if np.ptp(one) and np.ptp(other) else 0.0 for one, other in pairs])


def randomised(model: keras.Model, seed: int) -> keras.Model:
    """Return a copy of a model whose kernels are drawn anew: normal, with the mean and deviation that each has."""
    copy = keras.models.clone_model(model)
    for layer in model.layers:
        random = np.random.default_rng(derive_seed(seed, layer.name))
        weights = [
            random.normal(weight.mean(), weight.std(), weight.shape) if weight.ndim > 1 else weight
            for weight in layer.get_weights()
        ]
        copy.get_layer(layer.name).set_weights(weights)
    return copy


def _has_maps(layer: keras.Layer) -> bool:
    shape = getattr(layer.output, "shape", ())
    return len(shape) >= 4 and min(side or 0 for side in shape[-3:-1]) > 1


def _map_layer(model: keras.Model, name: str) -> keras.Layer:
    fitting = map_layers(model)
    if name not in fitting:
        raise UserError(
            f"Grad-CAM cannot show the layer {name}.",
            rule="It shows layers with maps: height, width and channels.",
            received=name,
            todo=f"Name one of: {', '.join(fitting)}." if fitting else "Name a network that reads pictures.",
        )
    return model.get_layer(name)
