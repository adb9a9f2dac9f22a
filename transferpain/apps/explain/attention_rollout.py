"""Attention rollout: which patches a transformer's answer is made of (Abnar & Zuidema, ACL 2020).

Grad-CAM weighs maps by a class's gradient. Here no class is asked for: what is shown is the same for every class.
"""

from functools import reduce

import keras
import numpy as np

from transferpain.apps.explain.grad_cam import map_layers
from transferpain.core.errors import UserError

ROLLOUT = "attention_rollout"  # stands where Grad-CAM has the name of a layer


def reads_patches(model: keras.Model) -> bool:
    """Whether its tokens are patches of a picture: behind its last attention it has maps of as many places.

    Networks that only weigh what convolutions and landmarks say by attention have none there.
    """
    layers, maps = _attention_layers(model), map_layers(model)
    if not layers or not maps:
        return False
    names = [layer.name for layer in model.layers]
    last = model.get_layer(maps[-1])
    places = np.prod(last.output.shape[1:-1])
    return names.index(last.name) > names.index(layers[-1].name) and places == layers[-1].output.shape[1]


def attention_rollout(model: keras.Model, inputs: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Return how much of each patch is in the mean of the last tokens, which is what is classified.

    The heads of a layer are averaged; each token is half what it attends to and half itself (the residual connection);
    the layers are multiplied.

    Args:
        model: a transformer on square pictures whose tokens are its patches, row by row, without a class token.
        inputs: what it reads, `(batch, size, size, 3)`, alone or as the first of a list.

    Returns:
        float32 `(batch, side, side)`, a number for each patch, between 0 and 1: each map divided by its highest value.

    Raises:
        UserError: if the model is none.
    """
    if not reads_patches(model):
        raise UserError(
            "Attention rollout cannot show this model.",
            rule="It shows transformers: networks with attention between the patches of a picture.",
            received=f"the network {model.name} without attention between patches",
            todo="Name a layer with maps, or leave the layer out.",
        )
    layers = _attention_layers(model)
    given = inputs if isinstance(inputs, list) else [inputs]
    read = keras.Model(model.inputs, [layer.input[0] for layer in layers])(given, training=False)
    steps = [_step(layer, tokens) for layer, tokens in zip(layers, read if len(layers) > 1 else [read], strict=True)]
    patches = reduce(lambda below, step: step @ below, steps).mean(axis=1)
    side = round(patches.shape[1] ** 0.5)
    return (patches / patches.max(axis=1, keepdims=True)).reshape(-1, side, side).astype(np.float32)


def _step(layer: keras.layers.MultiHeadAttention, tokens) -> np.ndarray:
    """Return how much of each token `(batch, tokens, tokens)` is in each token behind a layer."""
    _, scores = layer(tokens, tokens, return_attention_scores=True)
    attended = np.asarray(scores, np.float64).mean(axis=1)
    return (attended + np.eye(attended.shape[-1])) / 2


def _attention_layers(model: keras.Model) -> list[keras.layers.MultiHeadAttention]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.MultiHeadAttention)]
