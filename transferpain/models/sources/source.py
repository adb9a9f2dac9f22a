"""A source: a pretrained network with its embedding layer, its exact preprocessing and its lineage."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import keras
import numpy as np

from transferpain.core.assets.fetch import read
from transferpain.core.errors import UserError
from transferpain.core.foreign import private_copy
from transferpain.models.bundles.bundle import read_bundle, weights_hash
from transferpain.models.bundles.manifest import read_contents
from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels, stated_preprocessing
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.surgery import with_dtype


@dataclass(frozen=True)
class Source:
    """A network that turns a face into an embedding.

    Attributes:
        name: what tables call it, e.g. the bundle's folder.
        model: float32 policy; scaled images `(batch, size, size, 3)` to probabilities `(batch, classes)`.
        preprocessing: from a face crop to the network's input.
        classes: names of the outputs; none if they were never trained.
        manifest: facts of the bundle; `{}` for a network that comes from no bundle.
        synthetic: whether drawn faces took part in its training, here or in a parent.
        embedding: name of the layer whose output is the embedding.
    """

    name: str
    model: keras.Model
    preprocessing: Preprocessing
    classes: tuple[str, ...] = ()
    manifest: dict = field(default_factory=dict)
    synthetic: bool = False
    embedding: str = "embedding"

    @property
    def dimension(self) -> int:
        """Features of an image, D."""
        return self.model.get_layer(self.embedding).output.shape[-1]

    def predict(self, pixels: np.ndarray) -> np.ndarray:
        """Return probabilities `(batch, classes)` for pictures as `picture_input` gives them."""
        scaled = scale_pixels(np.asarray(pixels, dtype=np.float32), self.preprocessing.scaling)
        return self.model.predict(scaled, verbose=0)

    @property
    def weights_hash(self) -> str:
        """64 hexadecimal digits that name the weights."""
        return weights_hash(self.model)


def load_source(folder: Path, digest: str | None = None) -> Source:
    """Read a source from a bundle's folder, verifying its files.

    Args:
        digest: the bundle that it must be; `None` takes any.

    Raises:
        UserError: if the folder is no intact bundle, or another one, or its model has no layer `embedding`.
    """
    bundle = read_bundle(read_contents(folder, digest), scaled=True)
    names = [layer.name for layer in bundle.model.layers]
    if "embedding" not in names or not bundle.preprocessing or len(bundle.model.inputs) > 1:
        raise UserError(
            f"The model in {folder} cannot be a source.",
            rule="A source reads images, and nothing beside them, and has a layer named `embedding`.",
            received=f"a model that ends in {', '.join(names[-3:])}",
            todo="Name the bundle of a pretrained network, not of a head.",
        )
    preprocessing = stated_preprocessing(bundle.preprocessing, folder)
    synthetic = bundle.manifest["synthetic"]
    return Source(folder.name, bundle.model, preprocessing, bundle.labels, bundle.manifest, synthetic)


def picture_input(source: Source, face: np.ndarray) -> np.ndarray:
    """Return one picture of a face as `Source.predict` and the embedder read it.

    Args:
        face: uint8 RGB `(height, width, 3)`, cropped to the face.

    Returns:
        uint8 `(1, size, size, 3)`.
    """
    size = source.preprocessing.size
    return cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)[None]


def untrained_source(backbone: str, preprocessing: Preprocessing, seed: int) -> Source:
    """Return a backbone, by its name, with seeded random weights: what transfer is compared with.

    Raises:
        UserError: if there is no such backbone, or it cannot read pictures that are so small.
    """
    model = BACKBONES.find(backbone).build(preprocessing.size, classes=2, seed=seed)
    return Source("untrained", model, preprocessing)


def imagenet_source(backbone: str, preprocessing: Preprocessing, seed: int) -> Source:
    """Return a backbone that starts with ImageNet's weights as Keras publishes them; embedding and output are random.

    Args:
        backbone: the name of one that has such weights.
        preprocessing: scales as the weights were trained.
        seed: seeds embedding and output.

    Raises:
        UserError: if the scaling is another one, or as `read` of its file.
    """
    chosen = BACKBONES.find(backbone)
    weights = chosen.imagenet
    if preprocessing.scaling != weights.scaling:
        raise UserError(
            f"ImageNet's {chosen.title} was trained with another scaling of the pixels.",
            rule=f"With `imagenet` the scaling is `{weights.scaling}`.",
            received=preprocessing.scaling,
            todo=f"Set the scaling to {weights.scaling}.",
        )
    content = read(weights.asset)
    model = chosen.build(preprocessing.size, classes=2, seed=seed)
    with private_copy(content, weights.asset.file) as path:  # Keras takes nothing but a path
        return Source("imagenet", weights.fill(model, path), preprocessing)


def embedder(source: Source, compute_dtype: str) -> keras.Model:
    """Return the model that turns face crops into embeddings.

    Args:
        compute_dtype: `float32` or `bfloat16`.

    Returns:
        A model from RGB pixels 0..255, `(batch, size, size, 3)` uint8 or float, to `(batch, D)` float32.
    """
    network = with_dtype(source.model, compute_dtype)
    trunk = keras.Model(network.input, network.get_layer(source.embedding).output)
    size = source.preprocessing.size
    pixels = keras.Input((size, size, 3), name="pixels")
    scaled = scale_pixels(pixels, source.preprocessing.scaling)
    return keras.Model(pixels, keras.ops.cast(trunk(scaled), "float32"), name="embedder")
