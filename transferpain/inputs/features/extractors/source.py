"""The embedding of the experiment's source: a network, as it was trained or as it was adapted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from transferpain.core.errors import UserError
from transferpain.inputs.features.extractors.extractor import ExtractorKind


@dataclass(frozen=True)
class SourceExtractor:
    """The embedding of a network.

    Attributes:
        source: facts of the network: `weights_hash`, `preprocessing.canonical`, `embedding_size`, and
            `load_embedder(dtype)`, which returns a Keras model from images `(b, s, s, 3)` to float32
            `(b, embedding_size)`.
    """

    source: Any
    reads: ClassVar[Literal["face"]] = "face"

    @property
    def key(self) -> tuple[str, str]:
        """The hash of the weights, and the preprocessing as its canonical string."""
        return self.source.weights_hash, self.source.preprocessing.canonical

    @property
    def width(self) -> int:
        """Features of a picture."""
        return self.source.embedding_size

    def open(self, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
        """Load the network; see `compile_embedder`."""
        return compile_embedder(self.source.load_embedder(dtype))


def compile_embedder(model) -> Callable[[np.ndarray], np.ndarray]:
    """Return `embed(images)` for uint8 RGB `(batch, size, size, 3)`: one compiled graph for each size of a batch.

    Args:
        model: a Keras model, images `(b, size, size, 3)` -> float32 `(b, D)`.

    Raises:
        UserError: from `embed`, if pictures have another size than the model takes.
    """
    import tensorflow as tf

    size = model.input_shape[1]

    @tf.function
    def run(images):
        return model(tf.cast(images, tf.float32), training=False)

    def embed(images: np.ndarray) -> np.ndarray:
        if images.shape[1] != size:
            raise UserError(
                "The faces have another size than the source takes.",
                rule=f"The source takes pictures of {size}x{size} pixels",
                received=f"faces of {images.shape[1]}x{images.shape[1]} pixels",
                todo=f"Set the size of the faces to {size}.",
            )
        return run(images).numpy()

    return embed


SOURCE = ExtractorKind(name="source", make=lambda source, settings: SourceExtractor(source), reads_source=True)
