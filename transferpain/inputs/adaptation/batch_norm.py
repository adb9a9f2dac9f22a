"""AdaBN: the moving statistics of batch normalisation are replaced by those of the target; no weight is trained.

Li et al., "Revisiting batch normalization for practical domain adaptation", arXiv 1603.04779. Layer by layer from the
input on, so that each layer's statistics are those of the network as it will be used, whatever the batch size.
"""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from transferpain.core.errors import UserError
from transferpain.inputs.adaptation.moments import collect_moments


def adapt_batch_norm(model: keras.Model, images: Sequence[np.ndarray], batch: int = 32) -> keras.Model:
    """Return a copy of a network whose batch normalisation has the statistics of the target's images.

    Each of its normalisation layers takes a pass over the images through the layers before it.

    Args:
        model: an un-nested functional network with BatchNormalization layers; it is left as it is.
        images: scaled images of the target, unlabelled, float `(images, size, size, 3)`: an array, or whatever has
            a length and gives such arrays for slices.
        batch: images of a step; it changes the memory that is needed, not the result.

    Raises:
        UserError: if the network has no BatchNormalization layer, or there is no image.
    """
    if not _normalizations(model):
        raise UserError(
            f"AdaBN cannot adapt the network {model.name}.",
            rule="AdaBN replaces the statistics of BatchNormalization layers.",
            received=f"{len(model.layers)} layers, no BatchNormalization among them",
            todo="Take a source that has them, or adapt the features with coral.",
        )
    if len(images) == 0:
        raise UserError("AdaBN has no image of the target.", rule="It needs unlabelled images.", received="0 images")
    adapted = keras.models.clone_model(keras.Model(model.input, model.output, name=model.name))
    adapted.set_weights(model.get_weights())
    for layer in _normalizations(adapted):
        before = keras.Model(adapted.input, layer.input)
        mean, variance = _moments(before, images, batch, layer.axis)
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
    return adapted


def _normalizations(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Return the normalisation layers, those nearest to the input first, as Keras orders a functional model."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def _moments(model: keras.Model, images: Sequence[np.ndarray], batch: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each channel of a network's output over all images and places, `(channels,)`."""

    def outputs() -> Iterator[np.ndarray]:
        for start in range(0, len(images), batch):
            values = keras.ops.convert_to_numpy(model(images[start : start + batch], training=False))
            yield np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])

    moments = collect_moments(outputs())
    return moments.mean, moments.scatter / moments.rows
