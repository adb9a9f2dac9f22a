"""What of a model is converted: the frame encoder, and of a fused network the rest as a second part."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from transferpain.networks.backbones.surgery import with_dtype

PICTURE_EMBEDDING = "image_dense_norm"  # where the picture branch of the fused network ends
LONGEST_UNROLLED = 64  # steps of an LSTM that are written out one by one (our choice)


@dataclass(frozen=True)
class Part:
    """A network that becomes a file.

    Attributes:
        name: `encoder` or `head`.
        inputs: name -> shape without the batch.
        output: name of what it answers.
        call: takes float32 tensors `(1, *shape)` in the order of `inputs`.
        weights: everything that `call` reads.
    """

    name: str
    inputs: dict[str, tuple[int, ...]]
    output: str
    call: Callable[..., tf.Tensor]
    weights: list[tf.Variable]


def split_model(model: keras.Model, dtype: str = "float32") -> list[Part]:
    """Return what of a model is converted.

    A network on one picture is its own encoder: pixels in, probabilities out. A fused network is cut behind its picture
    branch: the encoder turns the pixels of one frame into `image_embedding`; the head takes that, of each frame where
    it reads several, and the landmarks. Pixels are RGB from 0 to 255; the encoder begins with the layer that scales
    them.

    Args:
        model: float32, as a bundle is read.
        dtype: `float32` or `bfloat16`, what the encoder computes in; whatever it is, all parts take and give float32.
    """
    if len(model.inputs) == 1:
        return [_encoder(model, "probabilities", dtype)]
    images, landmarks = model.inputs
    branch = _single_frame(keras.Model(images, model.get_layer(PICTURE_EMBEDDING).output))
    embedding = model.get_layer(PICTURE_EMBEDDING).output
    head = _unrolled(keras.Model([embedding, landmarks], model.output))
    inputs = {"image_embedding": tuple(embedding.shape[1:]), "landmarks": tuple(landmarks.shape[1:])}
    return [
        _encoder(branch, "image_embedding", dtype),
        Part("head", inputs, "probabilities", lambda *given: head(list(given), training=False), _weights(head)),
    ]


def compiled(part: Part) -> Callable[..., np.ndarray]:
    """Return a part in Keras as one graph: float32 arrays `(1, *shape)` by their names in, its answer out."""
    specs = [tf.TensorSpec((1, *shape), tf.float32, name=name) for name, shape in part.inputs.items()]
    graph = tf.function(part.call, input_signature=specs)
    return lambda **given: graph(*(tf.constant(given[name]) for name in part.inputs)).numpy()


def _encoder(model: keras.Model, output: str, dtype: str) -> Part:
    network = model if dtype == "float32" else with_dtype(model, dtype)

    def call(pixels: tf.Tensor) -> tf.Tensor:
        return tf.cast(network(pixels, training=False), tf.float32)

    return Part("encoder", {"pixels": tuple(network.input_shape[1:])}, output, call, _weights(network))


def _weights(network: keras.Model) -> list[tf.Variable]:
    return [variable.value for variable in network.variables]


def _single_frame(branch: keras.Model) -> keras.Model:
    """Return a picture branch as it is for one frame, whether or not it is laid over several."""

    def bare(layer: keras.Layer) -> keras.Layer:
        inner = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
        return inner.__class__.from_config(inner.get_config())

    def without_mask(layer: keras.Layer, *inputs, **_):
        return layer(*inputs)  # only what lay over several frames was called with one

    images = keras.Input(branch.input_shape[-3:], name="images")
    copy = keras.models.clone_model(branch, images, clone_function=bare, call_function=without_mask)
    copy.set_weights(branch.get_weights())
    return copy


def _unrolled(head: keras.Model) -> keras.Model:
    """Return the head with its LSTMs written out step by step.

    As loops they make TensorFlow's int8 calibration end the whole process (tensorflow/tensorflow issue 41305).
    """

    def unrolled(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.Bidirectional) and layer.input.shape[1] <= LONGEST_UNROLLED:
            for direction in ("layer", "backward_layer"):
                config[direction]["config"]["unroll"] = True
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(head, clone_function=unrolled)
    copy.set_weights(head.get_weights())
    return copy
